import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAppId, LIMITS, RpcError } from '@locara/protocol';
import type { Session } from '../access/session.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import type { StoreOps, StoreStart } from '../workers/store/ops.ts';
import type { Worker, WorkerSpec, WorkerStatus } from '../workers/worker.ts';
import { createPrivateFolder, syncFolder } from '../files/durable-files.ts';
import { createStoreKeys } from './keys.ts';

const DATABASE_FILE = 'store.db';
const BYTES_PER_MB = 1024 * 1024;

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

/** Time budgets per call, `timeoutMs` of `worker.call`; an open transaction rolls back. */
export const STORE_BUDGETS_MS = { read: 5000, write: 10_000, batch: 60_000, migrate: 120_000 };

/** Every app's own encrypted store: one process each, started by its first call. */
export interface AppStores {
  /** Throws Unavailable when the key is lost. */
  forApp(session: Pick<Session, 'appId' | 'manifest'>): Worker<StoreOps>;
  /** What the store takes on disk, its log included, without starting its process; 0 before its first use. */
  usage(session: Pick<Session, 'appId' | 'manifest'>): {
    readonly bytes: number;
    readonly limitBytes: number;
  };
  close(appId: string): Promise<void>;
  /** Destroys the key, then the files. */
  wipe(appId: string): Promise<void>;
  status(): readonly WorkerStatus[];
  closeAll(): Promise<void>;
}

interface OpenStore {
  readonly worker: Worker<StoreOps>;
  readonly quotaBytes: number;
}

export function createAppStores(deps: {
  readonly paths: Pick<Paths, 'keys' | 'store' | 'storeKey'>;
  readonly createStoreWorker: (spec: WorkerSpec) => Worker<StoreOps>;
  readonly log: Log;
}): AppStores {
  const { paths, log } = deps;
  const keys = createStoreKeys(paths);
  const open = new Map<string, OpenStore>();

  const start = (appId: string, quotaBytes: number): Worker<StoreOps> => {
    const folder = paths.store(appId);
    const path = join(folder, DATABASE_FILE);
    const key = keys.open(appId, { mustExist: existsSync(path) });
    createPrivateFolder(folder);
    const startWith: StoreStart = { path, key, quotaBytes };
    return deps.createStoreWorker({
      ...WORKER_POLICY,
      model: appId,
      start: startWith,
      writableFolders: [folder],
    });
  };
  const close = async (appId: string): Promise<void> => {
    const store = open.get(appId);
    open.delete(appId);
    await store?.worker.close();
  };

  return {
    forApp: ({ appId, manifest }) => {
      assertAppId(appId);
      const quotaBytes = quotaOf(manifest);
      const present = open.get(appId);
      if (present?.quotaBytes === quotaBytes) return present.worker;
      // An update changed the quota: the old process ends, the new one waits for its lock.
      void present?.worker.close();
      const worker = start(appId, quotaBytes);
      open.set(appId, { worker, quotaBytes });
      return worker;
    },
    usage: ({ appId, manifest }) => {
      assertAppId(appId);
      return { bytes: bytesOnDisk(paths.store(appId)), limitBytes: quotaOf(manifest) };
    },
    close,
    wipe: async (appId) => {
      assertAppId(appId);
      await close(appId);
      keys.destroy(appId);
      const folder = paths.store(appId);
      rmSync(folder, { recursive: true, force: true });
      if (existsSync(dirname(folder))) syncFolder(dirname(folder));
      log.info('store.wiped', { appId });
    },
    status: () => [...open.values()].map(({ worker }) => worker.status()),
    closeAll: async () => {
      await Promise.all([...open.keys()].map(close));
    },
  };
}

function bytesOnDisk(folder: string): number {
  const sizes = [DATABASE_FILE, `${DATABASE_FILE}-wal`].map(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0,
  );
  return sizes.reduce((sum, size) => sum + size);
}

function quotaOf({ storage }: Session['manifest']): number {
  return (storage.quota_mb ?? LIMITS.defaultStoreQuotaMb) * BYTES_PER_MB;
}

function assertAppId(appId: string): void {
  if (!isAppId(appId)) throw new RpcError('NotFound', 'There is no such app.');
}
