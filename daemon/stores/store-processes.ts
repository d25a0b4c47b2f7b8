import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateFolder } from '../files/durable-files.ts';
import type { StoreOps, StoreStart } from '../workers/store/ops.ts';
import type { Worker, WorkerSpec, WorkerStatus } from '../workers/worker.ts';
import type { StoreKeys } from './keys/store-keys.ts';

export const DATABASE_FILE = 'store.db';

/** How a store's process is run. SQLite cannot be interrupted, so only a kill ends a long statement. */
const WORKER_POLICY = {
  kind: 'store',
  cancel: 'kill',
  cancelGraceMs: 0,
  // All apps of a login open their stores at once, on a machine that may have two cores.
  startTimeoutMs: 60_000,
  idleMs: 60_000,
  maxConcurrent: 1,
  maxQueued: 64,
} as const satisfies Partial<WorkerSpec>;

/** One encrypted database. */
export interface StorePlace {
  /** Of the app whose store it is: names its key. */
  readonly id: string;
  /** Its own; made when it is missing. */
  readonly folder: string;
  readonly quotaBytes: number;
}

/** Every open store: one process each, started by its first call. */
export interface StoreProcesses {
  /** Throws Unavailable when the key is lost. */
  open(place: StorePlace): Worker<StoreOps>;
  /** The one that is open, whatever its quota. */
  find(id: string): Worker<StoreOps> | undefined;
  close(id: string): Promise<void>;
  status(): readonly WorkerStatus[];
  closeAll(): Promise<void>;
}

interface OpenStore {
  readonly worker: Worker<StoreOps>;
  readonly quotaBytes: number;
}

export function createStoreProcesses(deps: {
  readonly keys: StoreKeys;
  readonly createStoreWorker: (spec: WorkerSpec) => Worker<StoreOps>;
}): StoreProcesses {
  const open = new Map<string, OpenStore>();
  const start = ({ id, folder, quotaBytes }: StorePlace): Worker<StoreOps> => {
    const path = join(folder, DATABASE_FILE);
    const key = deps.keys.open(id, { mustExist: existsSync(path) });
    createPrivateFolder(folder);
    const startWith: StoreStart = { path, keys: [key], quotaBytes, generation: 0 };
    return deps.createStoreWorker({
      ...WORKER_POLICY,
      model: id,
      start: startWith,
      writableFolders: [folder],
    });
  };
  const close = async (id: string): Promise<void> => {
    const store = open.get(id);
    open.delete(id);
    await store?.worker.close();
  };
  return {
    open: (place) => {
      const present = open.get(place.id);
      if (present?.quotaBytes === place.quotaBytes) return present.worker;
      // An update changed the quota: the old process ends, the new one waits for its lock.
      void present?.worker.close();
      const worker = start(place);
      open.set(place.id, { worker, quotaBytes: place.quotaBytes });
      return worker;
    },
    find: (id) => open.get(id)?.worker,
    close,
    status: () => [...open.values()].map(({ worker }) => worker.status()),
    closeAll: async () => {
      await Promise.all([...open.keys()].map(close));
    },
  };
}
