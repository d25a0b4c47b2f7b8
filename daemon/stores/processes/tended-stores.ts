import { RpcError } from '@locara/protocol';
import { describeError, type Log } from '../../log.ts';
import { OP_EFFECTS } from '../../workers/store/ops/op-effects.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import { addDetails } from '../database/store-errors.ts';
import { commandFor } from './store-trouble.ts';

/** After so long without a call, a store's own turn is free for a copy. */
const IDLE_MS = 15_000;
/** An app that never rests has its copy made between two of its calls. */
const RESTLESS_MS = 60 * 60 * 1000;
const COPY_BUDGET_MS = 600_000;

/** Whose store it is. */
export interface TendedStore {
  readonly id: string;
  /** Names it in a command, as `acme/notes` or `acme/notes --shared people`. */
  readonly name: string;
  /** Whether its manifest asks for backups. */
  readonly isOptedIn: boolean;
}

/** Stores whose daily copies are seen to, and whose troubles name the command that helps. */
export interface TendedStores {
  /** The same worker, watched. */
  tend(worker: Worker<StoreOps>, store: TendedStore): Worker<StoreOps>;
  forget(id: string): void;
  forgetAll(): void;
}

/** What is known of a store since it was opened. */
interface Watch {
  timer: NodeJS.Timeout | undefined;
  changedSince: number | undefined;
  /** Old copies were looked through once. */
  wasPruned: boolean;
  tended: Tended | undefined;
}

interface Tended {
  readonly worker: Worker<StoreOps>;
  readonly isOptedIn: boolean;
  readonly watched: Worker<StoreOps>;
}

export function createTendedStores({ log }: { readonly log: Log }): TendedStores {
  const watches = new Map<string, Watch>();
  const watchOf = (id: string): Watch => {
    const watch = watches.get(id) ?? createWatch();
    watches.set(id, watch);
    return watch;
  };
  const settled = (worker: Worker<StoreOps>, store: TendedStore, op: keyof StoreOps): void => {
    const watch = watches.get(store.id);
    // A call may end after its store was closed, or opened anew: what is closed needs no copy any more.
    if (watch?.tended?.worker !== worker) return;
    if (OP_EFFECTS[op] === 'writes') watch.changedSince ??= performance.now();
    clearTimeout(watch.timer);
    const isDue = store.isOptedIn ? watch.changedSince !== undefined : !watch.wasPruned;
    if (!isDue) return;
    const isRestless = performance.now() - (watch.changedSince ?? Infinity) > RESTLESS_MS;
    const copy = (): void => {
      watch.changedSince = undefined;
      watch.wasPruned = true;
      void makeCopy(worker, store, log);
    };
    if (isRestless) copy();
    else watch.timer = setTimeout(copy, IDLE_MS).unref();
  };
  const forget = (id: string): void => {
    clearTimeout(watches.get(id)?.timer);
    watches.delete(id);
  };
  const watched = (worker: Worker<StoreOps>, store: TendedStore): Worker<StoreOps> => ({
    ...worker,
    call: async (op, params, options) => {
      try {
        return await worker.call(op, params, options);
      } catch (error) {
        throw withCommand(error, store.name);
      } finally {
        settled(worker, store, op);
      }
    },
  });
  return {
    tend: (worker, store) => {
      const watch = watchOf(store.id);
      const { tended } = watch;
      if (tended?.worker === worker && tended.isOptedIn === store.isOptedIn) return tended.watched;
      watch.tended = { worker, isOptedIn: store.isOptedIn, watched: watched(worker, store) };
      return watch.tended.watched;
    },
    forget,
    forgetAll: () => {
      for (const id of [...watches.keys()]) forget(id);
    },
  };
}

async function makeCopy(
  worker: Worker<StoreOps>,
  { id, isOptedIn }: TendedStore,
  log: Log,
): Promise<void> {
  try {
    await worker.call('tendBackups', { isOptedIn }, { timeoutMs: COPY_BUDGET_MS });
  } catch (error) {
    log.warn('store.copyFailed', { appId: id, ...describeError(error) });
  }
}

function withCommand(error: unknown, name: string): unknown {
  if (!(error instanceof RpcError)) return error;
  const command = commandFor(error, name);
  if (command === undefined || error.details?.['command'] === command) return error;
  return addDetails(error, { command });
}

function createWatch(): Watch {
  return { timer: undefined, changedSince: undefined, wasPruned: false, tended: undefined };
}
