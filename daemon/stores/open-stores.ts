import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RpcError, type StoreFill } from '@locara/protocol';
import { syncFolder } from '../files/durable-files.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import type { StoreOps } from '../workers/store/ops.ts';
import type { Worker, WorkerStatus } from '../workers/worker.ts';
import { DATABASE_FILE } from './database/store-file.ts';
import type { StoreKeys } from './keys/store-keys.ts';
import {
  type CreateStoreWorker,
  createStoreProcesses,
  type StorePlace,
} from './processes/store-processes.ts';
import { createTendedStores } from './processes/tended-stores.ts';
import {
  createFillingStores,
  type FillingStore,
  type StoreOwners,
} from './filling/filling-stores.ts';

export interface StoreSettings {
  readonly id: string;
  readonly quotaBytes: number;
  /** Whether backups are made of it, as its app's manifest asks. */
  readonly isBackedUp?: boolean;
}

/** Stores by their ids, an app's or a pair's: opened, watched and destroyed here. */
export interface OpenStores {
  /** Throws Busy while it is being destroyed. Its calls answer Unavailable when the key is lost or locked. */
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
  const filling = createFillingStores({ log });
  const placeOf = ({ id, quotaBytes }: StoreSettings): StorePlace => {
    if (going.has(id)) throw beingDestroyed();
    return { id, folder: paths.store(id), quotaBytes };
  };
  const close = async (id: string): Promise<void> => {
    tended.forget(id);
    filling.forget(id);
    await processes.close(id);
  };
  const exists = (id: string): boolean => existsSync(join(paths.store(id), DATABASE_FILE));
  return {
    open: ({ id, quotaBytes, isBackedUp = false, ...owners }) => {
      const { folder } = placeOf({ id, quotaBytes });
      const tendedWorker = tended.tend(processes.open({ id, folder, quotaBytes }), {
        id,
        name: nameOf(id, owners),
        isOptedIn: isBackedUp,
      });
      return filling.watch(tendedWorker, { id, folder, quotaBytes, owners });
    },
    openExisting: (id, quotaBytes) => {
      // Without its file it is lost, and no new one is made: copies of it may be left.
      if (!existsSync(paths.store(id))) return undefined;
      return processes.find(id) ?? processes.open(placeOf({ id, quotaBytes }));
    },
    rotateKey: (settings) => processes.rotateKey(placeOf(settings)),
    acceptOlder: async (id) => {
      await keys.accept(id);
      // The next call starts a process that opens what is there.
      await processes.close(id);
    },
    exists,
    lastFill: (id) => (processes.find(id) === undefined ? undefined : filling.lastFill(id)),
    onFilling: filling.onFilling,
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

function nameOf(id: string, { apps, collection }: StoreOwners): string {
  return collection === undefined ? id : `${apps[0] ?? id} --shared ${collection}`;
}

function beingDestroyed(): RpcError {
  return new RpcError('Busy', 'The store is being wiped.', { details: { retryAfterMs: 200 } });
}
