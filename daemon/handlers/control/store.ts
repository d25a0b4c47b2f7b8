import { RpcError } from '@locara/protocol';
import { whyAbsent } from '../../access/apps/absent-app.ts';
import type { AppRegistry } from '../../access/apps/app-registry.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Log } from '../../log.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';
import type { StoreExportHandlers } from './store-export.ts';
import { STORE_BUDGETS_MS, type AppStores } from '../../stores/app-stores.ts';
import { hasRule } from '../../stores/keys/key-errors.ts';
import type { StoreCheck } from '../../workers/store/ops/copy-ops.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { Worker } from '../../workers/worker.ts';

/** What the user does about an app's stored data: look at it, put a copy back, save what can be read. */
export function createStoreControlHandlers(deps: {
  readonly stores: AppStores;
  readonly registry: Pick<AppRegistry, 'find' | 'isDamaged'>;
  readonly audit: Audit;
  readonly log: Pick<Log, 'warn' | 'info'>;
}): Omit<ControlHandlers<'store'>, keyof StoreExportHandlers> {
  const { stores, registry, audit, log } = deps;
  const storeOf = (appId: string): Worker<StoreOps> => {
    const record = registry.find(appId);
    if (record === undefined) throw whyAbsent(registry, appId);
    if (!stores.has(appId)) throw new RpcError('NotFound', 'That app keeps no data.');
    return stores.forApp(record);
  };
  const budget = (signal: AbortSignal) => ({ signal, timeoutMs: STORE_BUDGETS_MS.copy });
  return {
    'store.check': async ({ appId }, { signal }) => {
      const { check, backups } = await examine(() => storeOf(appId), budget(signal));
      if (check.state !== 'whole') log.warn('store.damaged', { appId, state: check.state });
      return { check: { ...toMutable(check) }, backups: [...backups] };
    },
    'store.backups': async ({ appId }, { signal }) => {
      const { backups } = await storeOf(appId).call('listBackups', {}, budget(signal));
      return { backups: [...backups] };
    },
    'store.restore': async ({ appId, backup }, { signal }) => {
      const params = { backup, onUsersWord: true };
      const restored = await storeOf(appId).call('restoreBackup', params, budget(signal));
      log.info('store.restored', { appId });
      audit.decide('store.restored', appId, { backup: restored.restored });
      return restored;
    },
    'store.salvage': async ({ appId, cursor }, { signal }) => {
      const page = await storeOf(appId).call('salvage', { cursor }, budget(signal));
      if (cursor === undefined) audit.decide('store.salvaged', appId);
      return { ...page, lines: [...page.lines] };
    },
    'store.accept': async ({ appId }, { signal }) => {
      await assertOlder(storeOf(appId), budget(signal));
      await stores.acceptOlder(appId);
      log.info('store.accepted', { appId });
      audit.decide('store.accepted', appId);
      // Opened now, so that the user learns at once whether it can be.
      await storeOf(appId).call('describeOpening', {}, budget(signal));
      return { accepted: true };
    },
  };
}

/** Throws Conflict for a store that is as it was left, and what is wrong with one that is broken otherwise. */
async function assertOlder(
  store: Worker<StoreOps>,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<void> {
  try {
    await store.call('describeOpening', {}, options);
  } catch (error) {
    if (hasRule(error, 'store_rolled_back')) return;
    throw error;
  }
  throw new RpcError('Conflict', 'No older file was put in its place: there is nothing to accept.');
}

/** A store that cannot even be opened, as without its key, is a finding and no failure of the check. */
async function examine(
  open: () => Worker<StoreOps>,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
) {
  try {
    const store = open();
    const check = await store.call('checkStore', {}, options);
    const { backups } = await store.call('listBackups', {}, options);
    return { check, backups };
  } catch (error) {
    if (!(error instanceof RpcError) || error.reason !== 'Unavailable') throw error;
    const check: StoreCheck = {
      state: 'unavailable',
      problems: [error.message],
      tables: [],
      collections: [],
    };
    return { check, backups: [] };
  }
}

function toMutable({ state, problems, tables, collections }: StoreCheck) {
  return {
    state,
    problems: [...problems],
    tables: [...tables],
    collections: [...collections],
  };
}
