import { isAppId } from '@locara/protocol';
import { notInstalled } from '../../access/apps/absent-app.ts';
import type { AppRegistry } from '../../access/apps/app-registry.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Log } from '../../log.ts';
import type { Budgets } from '../../privacy/budget/budgets.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

/** What the user sees and decides of the allowances of apps, also of those that are gone and left their data. */
export function createPrivacyControlHandlers(deps: {
  readonly registry: Pick<AppRegistry, 'find' | 'findFormer' | 'isDamaged'>;
  readonly budgets: Budgets;
  readonly audit: Audit;
  readonly log: Pick<Log, 'info'>;
}): ControlHandlers<'privacy'> {
  const { registry, budgets, audit, log } = deps;
  const assertKnown = (appId: string): void => {
    if (!isAppId(appId)) throw notInstalled();
    const isHere = registry.find(appId) !== undefined || registry.isDamaged(appId);
    if (!isHere && registry.findFormer(appId) === undefined && !budgets.has(appId)) {
      throw notInstalled();
    }
  };
  return {
    'privacy.budgets': async ({ appId, ...page }) => {
      assertKnown(appId);
      return budgets.has(appId) ? await budgets.list(appId, page) : { budgets: [] };
    },
    'privacy.resetBudget': async ({ appId, budget, subject }) => {
      assertKnown(appId);
      const reset = await budgets.reset(appId, budget, subject);
      log.info('privacy.budgetReset', { appId });
      // Names are the app's, and may be content: how much began anew is enough.
      const scope = budget === undefined ? 'app' : subject === undefined ? 'budget' : 'subject';
      audit.decide('privacy.budgetReset', appId, { scope, allowances: reset });
      return { reset };
    },
  };
}
