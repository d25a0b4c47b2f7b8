import type { StoreFill } from '@locara/protocol';
import type { Log } from '../../log.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import { watchFilling, type WatchedStore } from './watch-filling.ts';

/** Whose store it is, for what is told of it. */
export interface StoreOwners {
  readonly apps: readonly string[];
  /** Of a pair of apps. */
  readonly collection?: string;
}

/** A store that is filling, and the apps to tell. */
export type FillingStore = StoreFill & StoreOwners;

interface FillingOptions {
  readonly id: string;
  readonly folder: string;
  readonly quotaBytes: number;
  readonly owners: StoreOwners;
}

/** The open stores, watched for how full they get. */
export interface FillingStores {
  /** The same worker, watched; once for each. */
  readonly watch: (worker: Worker<StoreOps>, options: FillingOptions) => Worker<StoreOps>;
  /** As its process told last, if it did since it was opened. */
  readonly lastFill: (id: string) => StoreFill | undefined;
  readonly onFilling: (listener: (filling: FillingStore) => void) => void;
  readonly forget: (id: string) => void;
}

export function createFillingStores({ log }: { readonly log: Pick<Log, 'warn'> }): FillingStores {
  const watched = new WeakMap<Worker<StoreOps>, WatchedStore>();
  const byId = new Map<string, WatchedStore>();
  const listeners: ((filling: FillingStore) => void)[] = [];
  const tell = (fill: StoreFill, owners: StoreOwners): void => {
    const { usedBytes: bytes, limitBytes } = fill;
    for (const appId of owners.apps) log.warn('store.filling', { appId, bytes, limitBytes });
    for (const listener of listeners) listener({ ...fill, ...owners });
  };
  return {
    watch: (worker, { id, folder, quotaBytes, owners }) => {
      const store =
        watched.get(worker) ??
        watchFilling(worker, {
          folder,
          limitBytes: quotaBytes,
          command: `locara app data show ${owners.apps[0] ?? id}`,
          onFilling: (fill) => {
            tell(fill, owners);
          },
        });
      watched.set(worker, store);
      byId.set(id, store);
      return store.worker;
    },
    lastFill: (id) => byId.get(id)?.lastFill(),
    onFilling: (listener) => {
      listeners.push(listener);
    },
    forget: (id) => {
      byId.delete(id);
    },
  };
}
