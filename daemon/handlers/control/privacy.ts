import { isAppId, RpcError } from '@locara/protocol';
import { notInstalled } from '../../access/apps/absent-app.ts';
import type { AppRegistry } from '../../access/apps/app-registry.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Log } from '../../log.ts';
import type { AllowanceCount, Budgets } from '../../privacy/budget/budgets.ts';
import type { Keystore } from '../../privacy/vault/keystore/keystore.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

/** What the user sees and decides of the allowances of apps, also of those that are gone and left their data. */
export function createPrivacyControlHandlers(deps: {
  readonly registry: Pick<AppRegistry, 'find' | 'findFormer' | 'isDamaged'>;
  readonly budgets: Budgets;
  readonly keystore: Pick<Keystore, 'list'>;
  readonly audit: Audit;
  readonly log: Pick<Log, 'info'>;
}): ControlHandlers<'privacy'> {
  const { registry, budgets, keystore, audit, log } = deps;
  const assertKnown = (appId: string): void => {
    if (!isAppId(appId)) throw notInstalled();
    const isHere = registry.find(appId) !== undefined || registry.isDamaged(appId);
    if (!isHere && registry.findFormer(appId) === undefined && !budgets.has(appId)) {
      throw notInstalled();
    }
  };
  return {
    'privacy.show': async ({ appId }) => {
      assertKnown(appId);
      const problems: string[] = [];
      const note = (error: unknown): void => {
        if (!(error instanceof RpcError)) throw error;
        problems.push(error.message);
      };
      const databases = (await keystore.list(appId).catch(note)) ?? [];
      const counted = budgets.has(appId) ? await budgets.count(appId).catch(note) : NO_ALLOWANCES;
      return { databases, ...(counted ?? NO_ALLOWANCES), problems };
    },
    'privacy.budgets': async ({ appId, ...page }) => {
      assertKnown(appId);
      return budgets.has(appId) ? await budgets.list(appId, page) : { budgets: [] };
    },
    'privacy.resetBudget': async ({ appId, budget, subject }) => {
      assertKnown(appId);
      const reset = await budgets.reset(appId, budget, subject).catch(asWordToUser);
      log.info('privacy.budgetReset', { appId });
      // Names are the app's, and may be content: how much began anew is enough.
      const scope = budget === undefined ? 'app' : subject === undefined ? 'budget' : 'subject';
      audit.decide('privacy.budgetReset', appId, { scope, allowances: reset });
      return { reset };
    },
  };
}

const NO_ALLOWANCES: AllowanceCount = { allowances: 0, exhausted: 0 };

/** An app is told how to make a budget; its user, where to see those that there are. */
function asWordToUser(error: unknown): never {
  if (!(error instanceof RpcError) || error.reason !== 'NotFound') throw error;
  throw new RpcError(
    'NotFound',
    'The app has no budget of this name: `locara privacy budgets <id>` shows those it has.',
  );
}
