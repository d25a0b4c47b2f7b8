import { RpcError } from '@locara/protocol';
import type { Audit } from '../../audit/audit.ts';
import type { Log } from '../../log.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';
import type { StoreExportHandlers } from './store-export.ts';
import { hasRule } from '../../stores/keys/key-errors.ts';
import { STORE_BUDGETS_MS } from '../../stores/app-stores.ts';
import type { StoreCheck } from '../../workers/store/ops/copy-ops.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import { findKeptStore, type KeptStoresDeps, USER } from './kept-stores.ts';

interface StoreControlDeps extends KeptStoresDeps {
  readonly audit: Audit;
  readonly log: Pick<Log, 'warn' | 'info'>;
}

/** What the user does about an app's stored data, whatever became of the app: look at it, put a copy back, save what can be read. */
export function createStoreControlHandlers(
  deps: StoreControlDeps,
): Omit<ControlHandlers<'store'>, keyof StoreExportHandlers> {
  const { stores, audit, log } = deps;
  const budget = (signal: AbortSignal) => ({
    app: USER,
    signal,
    timeoutMs: STORE_BUDGETS_MS.copy,
  });
  return {
    'store.check': async (of, { signal }) => {
      const { check, backups } = await examine(findKeptStore(deps, of).open, budget(signal));
      const { appId } = of;
      if (check.state !== 'whole') log.warn('store.damaged', { appId, state: check.state });
      return { check: { ...toMutable(check) }, backups: [...backups] };
    },
    'store.backups': async (of, { signal }) => {
      const { backups } = await findKeptStore(deps, of)
        .open()
        .call('listBackups', {}, budget(signal));
      return { backups: [...backups] };
    },
    'store.restore': async ({ backup, ...of }, { signal }) => {
      const params = { backup, onUsersWord: true };
      const store = findKeptStore(deps, of).open();
      const restored = await store.call('restoreBackup', params, budget(signal));
      log.info('store.restored', { appId: of.appId });
      audit.decide('store.restored', of.appId, { backup: restored.restored, ...sharedIn(of) });
      return restored;
    },
    'store.salvage': async ({ cursor, ...of }, { signal }) => {
      const store = findKeptStore(deps, of).open();
      const page = await store.call('salvage', { cursor }, budget(signal));
      if (cursor === undefined) audit.decide('store.salvaged', of.appId, sharedIn(of));
      return { ...page, lines: [...page.lines] };
    },
    'store.accept': async (of, { signal }) => {
      const store = findKeptStore(deps, of);
      await assertOlder(store.open(), budget(signal));
      await stores.acceptOlder(store.id);
      log.info('store.accepted', { appId: of.appId });
      audit.decide('store.accepted', of.appId, sharedIn(of));
      // Opened now, so that the user learns at once whether it can be.
      await store.open().call('describeOpening', {}, budget(signal));
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

function sharedIn({ collection }: { readonly collection?: string | undefined }) {
  return collection === undefined ? {} : { collection };
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
