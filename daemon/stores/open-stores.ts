import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { StoreFill } from '@locara/protocol';
import { syncFolder } from '../files/durable-files.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import type { StoreOps } from '../workers/store/ops.ts';
import type { Worker, WorkerSpec, WorkerStatus } from '../workers/worker.ts';
import { createStoreKeys } from './keys/store-keys.ts';
import { createStoreProcesses, DATABASE_FILE } from './store-processes.ts';
import { watchFilling, type WatchedStore } from './watch-filling.ts';

/** Whose store it is, for what is told of it. */
export interface StoreOwners {
  readonly apps: readonly string[];
  /** Of a pair of apps. */
  readonly collection?: string;
}

/** A store that is filling, and the apps to tell. */
export type FillingStore = StoreFill & StoreOwners;

/** Stores by their ids, an app's or a pair's: opened, watched and destroyed here. */
export interface OpenStores {
  /** Throws Unavailable when the key is lost. */
  readonly open: (
    store: StoreOwners & { readonly id: string; readonly quotaBytes: number },
  ) => Worker<StoreOps>;
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
  readonly paths: Pick<Paths, 'keys' | 'store' | 'storeKey'>;
  readonly createStoreWorker: (spec: WorkerSpec) => Worker<StoreOps>;
  readonly log: Log;
}

export function createOpenStores({ paths, createStoreWorker, log }: OpenStoresOptions): OpenStores {
  const keys = createStoreKeys(paths);
  const processes = createStoreProcesses({ keys, createStoreWorker });
  const watched = new WeakMap<Worker<StoreOps>, WatchedStore>();
  const listeners: ((filling: FillingStore) => void)[] = [];
  const tellFilling = (fill: StoreFill, owners: StoreOwners): void => {
    const { usedBytes: bytes, limitBytes } = fill;
    for (const appId of owners.apps) log.warn('store.filling', { appId, bytes, limitBytes });
    for (const tell of listeners) tell({ ...fill, ...owners });
  };
  const exists = (id: string): boolean => existsSync(join(paths.store(id), DATABASE_FILE));
  return {
    open: ({ id, quotaBytes, ...owners }) => {
      const folder = paths.store(id);
      const worker = processes.open({ id, folder, quotaBytes });
      const known = watched.get(worker);
      if (known !== undefined) return known.worker;
      const store = watchFilling(worker, {
        folder,
        limitBytes: quotaBytes,
        command: `locara app data show ${owners.apps[0] ?? id}`,
        onFilling: (fill) => {
          tellFilling(fill, owners);
        },
      });
      watched.set(worker, store);
      return store.worker;
    },
    openExisting: (id, quotaBytes) => {
      if (!exists(id)) return undefined;
      return processes.find(id) ?? processes.open({ id, folder: paths.store(id), quotaBytes });
    },
    exists,
    lastFill: (id) => {
      const worker = processes.find(id);
      return worker === undefined ? undefined : watched.get(worker)?.lastFill();
    },
    onFilling: (listener) => {
      listeners.push(listener);
    },
    destroy: async (id) => {
      await processes.close(id);
      keys.destroy(id);
      const folder = paths.store(id);
      rmSync(folder, { recursive: true, force: true });
      if (existsSync(dirname(folder))) syncFolder(dirname(folder));
    },
    close: (id) => processes.close(id),
    status: () => processes.status(),
    closeAll: () => processes.closeAll(),
  };
}
