import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAppId, LIMITS, RpcError } from '@locara/protocol';
import type { Session } from '../access/session.ts';
import { syncFolder } from '../files/durable-files.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import type { StoreOps } from '../workers/store/ops.ts';
import type { Worker, WorkerStatus } from '../workers/worker.ts';
import type { StoreKeys } from './keys/store-keys.ts';
import { createTendedStores } from './tended-stores.ts';
import {
  type CreateStoreWorker,
  createStoreProcesses,
  DATABASE_FILE,
  type StorePlace,
} from './store-processes.ts';

const BYTES_PER_MB = 1024 * 1024;

/** Time budgets per call, `timeoutMs` of `worker.call`; an open transaction rolls back. */
export const STORE_BUDGETS_MS = {
  read: 5000,
  write: 10_000,
  batch: 60_000,
  migrate: 120_000,
  copy: 600_000,
};

/** Every app's own encrypted store. */
export interface AppStores {
  /** Its calls answer Unavailable when the key is lost or locked. */
  forApp(session: Pick<Session, 'appId' | 'manifest'>): Worker<StoreOps>;
  /** What the store takes on disk, its log included, without starting its process; 0 before its first use. */
  usage(session: Pick<Session, 'appId' | 'manifest'>): {
    readonly bytes: number;
    readonly limitBytes: number;
  };
  /** A new data key for the store; throws NotFound where there is none. */
  rotateKey(app: Pick<Session, 'appId' | 'manifest'>): Promise<void>;
  close(appId: string): Promise<void>;
  /** Takes a file that was put back, older than the last seen, on the user's word. */
  acceptOlder(appId: string): Promise<void>;
  /** Whether the app has a store at all. */
  has(appId: string): boolean;
  /** Destroys the key, then the files; calls meanwhile answer Busy, later ones find an empty store. */
  wipe(appId: string): Promise<void>;
  status(): readonly WorkerStatus[];
  closeAll(): Promise<void>;
}

export function createAppStores(deps: {
  readonly paths: Pick<Paths, 'store'>;
  readonly keys: StoreKeys;
  readonly createStoreWorker: CreateStoreWorker;
  readonly log: Log;
}): AppStores {
  const { paths, keys, log } = deps;
  const processes = createStoreProcesses(deps);
  const tended = createTendedStores({ log });
  const wiped = new Set<string>();
  const placeOf = ({ appId, manifest }: Pick<Session, 'appId' | 'manifest'>): StorePlace => {
    assertAppId(appId);
    if (wiped.has(appId)) throw beingWiped();
    return { id: appId, folder: paths.store(appId), quotaBytes: quotaOf(manifest) };
  };
  return {
    forApp: (app) =>
      tended.tend(processes.open(placeOf(app)), {
        id: app.appId,
        isOptedIn: app.manifest.storage.backups.enabled,
      }),
    rotateKey: (app) => processes.rotateKey(placeOf(app)),
    usage: ({ appId, manifest }) => {
      assertAppId(appId);
      return { bytes: bytesOnDisk(paths.store(appId)), limitBytes: quotaOf(manifest) };
    },
    close: async (appId) => {
      tended.forget(appId);
      await processes.close(appId);
    },
    acceptOlder: async (appId) => {
      assertAppId(appId);
      await keys.accept(appId);
      // The next call starts a process that opens what is there.
      await processes.close(appId);
    },
    has: (appId) => {
      assertAppId(appId);
      return existsSync(paths.store(appId));
    },
    wipe: async (appId) => {
      assertAppId(appId);
      wiped.add(appId);
      try {
        tended.forget(appId);
        await processes.close(appId);
        await keys.destroy(appId);
        const folder = paths.store(appId);
        rmSync(folder, { recursive: true, force: true });
        if (existsSync(dirname(folder))) syncFolder(dirname(folder));
      } finally {
        wiped.delete(appId);
      }
      log.info('store.wiped', { appId });
    },
    status: () => processes.status(),
    closeAll: () => {
      tended.forgetAll();
      return processes.closeAll();
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

function beingWiped(): RpcError {
  return new RpcError('Busy', 'The store is being wiped.', { details: { retryAfterMs: 200 } });
}

function assertAppId(appId: string): void {
  if (!isAppId(appId)) throw new RpcError('NotFound', 'There is no such app.');
}
