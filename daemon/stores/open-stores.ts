import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RpcError, type StoreFill } from '@locara/protocol';
import { syncFolder } from '../files/durable-files.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import type { StoreOps } from '../workers/store/ops.ts';
import type { Worker, WorkerStatus } from '../workers/worker.ts';
import type { StoreKeys } from './keys/store-keys.ts';
import {
  type CreateStoreWorker,
  createStoreProcesses,
  DATABASE_FILE,
  type StorePlace,
} from './store-processes.ts';
import { createTendedStores } from './tended-stores.ts';
import { watchFilling, type WatchedStore } from './watch-filling.ts';

/** Whose store it is, for what is told of it. */
export interface StoreOwners {
  readonly apps: readonly string[];
  /** Of a pair of apps. */
  readonly collection?: string;
}

export interface StoreSettings {
  readonly id: string;
  readonly quotaBytes: number;
  /** Whether backups are made of it, as its app's manifest asks. */
  readonly isBackedUp?: boolean;
}

/** A store that is filling, and the apps to tell. */
export type FillingStore = StoreFill & StoreOwners;

/** Stores by their ids, an app's or a pair's: opened, watched and destroyed here. */
export interface OpenStores {
  /** Throws Unavailable when the key is lost. */
  readonly open: (store: StoreOwners & StoreSettings) => Worker<StoreOps>;
  /** A new data key; throws NotFound where there is no such store. */
  readonly rotateKey: (store: StoreSettings) => Promise<void>;
  /** Takes a file that was put back, older than the last seen, on the user's word. */
  readonly acceptOlder: (id: string) => Promise<void>;
  /** Whatever its quota, if it is open; else with that one. Undefined where there is no such store. */
  readonly openExisting: (id: string, quotaBytes: number) => Worker<StoreOps> | undefined;
  readonly exists: (id: string) => boolean;
  /** As its process told last, if it did since it was opened. */
  readonly lastFill: (id: string) => StoreFill | undefined;
  readonly onFilling: (listener: (filling: FillingStore) => void) => void;
  /** The key, then the files. */
  readonly destroy: (id: string) => Promise<void>;
  readonly close: (id: string) => Promise<void>;
  readonly status: () => readonly WorkerStatus[];
  readonly closeAll: () => Promise<void>;
}

export interface OpenStoresOptions {
  readonly paths: Pick<Paths, 'store'>;
  readonly keys: StoreKeys;
  readonly createStoreWorker: CreateStoreWorker;
  readonly log: Log;
}

export function createOpenStores(options: OpenStoresOptions): OpenStores {
  const { paths, keys, log } = options;
  const processes = createStoreProcesses(options);
  const tended = createTendedStores({ log });
  const going = new Set<string>();
  const watched = new WeakMap<Worker<StoreOps>, WatchedStore>();
  const listeners: ((filling: FillingStore) => void)[] = [];
  const tellFilling = (fill: StoreFill, owners: StoreOwners): void => {
    const { usedBytes: bytes, limitBytes } = fill;
    for (const appId of owners.apps) log.warn('store.filling', { appId, bytes, limitBytes });
    for (const tell of listeners) tell({ ...fill, ...owners });
  };
  const lastFills = new Map<string, WatchedStore['lastFill']>();
  const placeOf = ({ id, quotaBytes }: StoreSettings): StorePlace => {
    if (going.has(id)) throw beingDestroyed();
    return { id, folder: paths.store(id), quotaBytes };
  };
  const close = async (id: string): Promise<void> => {
    tended.forget(id);
    lastFills.delete(id);
    await processes.close(id);
  };
  const exists = (id: string): boolean => existsSync(join(paths.store(id), DATABASE_FILE));
  return {
    open: ({ id, quotaBytes, isBackedUp = false, ...owners }) => {
      const { folder } = placeOf({ id, quotaBytes });
      const tendedWorker = tended.tend(processes.open({ id, folder, quotaBytes }), {
        id,
        isOptedIn: isBackedUp,
      });
      const known = watched.get(tendedWorker);
      if (known !== undefined) return known.worker;
      const store = watchFilling(tendedWorker, {
        folder,
        limitBytes: quotaBytes,
        command: `locara app data show ${owners.apps[0] ?? id}`,
        onFilling: (fill) => {
          tellFilling(fill, owners);
        },
      });
      watched.set(tendedWorker, store);
      lastFills.set(id, store.lastFill);
      return store.worker;
    },
    openExisting: (id, quotaBytes) => {
      if (!exists(id)) return undefined;
      return processes.find(id) ?? processes.open(placeOf({ id, quotaBytes }));
    },
    rotateKey: (settings) => processes.rotateKey(placeOf(settings)),
    acceptOlder: async (id) => {
      await keys.accept(id);
      // The next call starts a process that opens what is there.
      await processes.close(id);
    },
    exists,
    lastFill: (id) => (processes.find(id) === undefined ? undefined : lastFills.get(id)?.()),
    onFilling: (listener) => {
      listeners.push(listener);
    },
    destroy: async (id) => {
      going.add(id);
      try {
        await close(id);
        await keys.destroy(id);
        const folder = paths.store(id);
        rmSync(folder, { recursive: true, force: true });
        if (existsSync(dirname(folder))) syncFolder(dirname(folder));
      } finally {
        going.delete(id);
      }
    },
    close,
    status: () => processes.status(),
    closeAll: () => {
      tended.forgetAll();
      return processes.closeAll();
    },
  };
}

function beingDestroyed(): RpcError {
  return new RpcError('Busy', 'The store is being wiped.', { details: { retryAfterMs: 200 } });
}
