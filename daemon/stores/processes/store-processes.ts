import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import { createPrivateFolder } from '../../files/durable-files.ts';
import type { StoreOps, StoreStart } from '../../workers/store/ops.ts';
import type { Worker, WorkerSpec, WorkerStatus } from '../../workers/worker.ts';
import { describeError, type Log } from '../../log.ts';
import { DATABASE_FILE, isStoreKnown } from '../database/store-file.ts';
import { measureStoreFiles } from '../filling/disk-use.ts';
import type { StoreKeys } from '../keys/store-keys.ts';
import { createKeyRotation } from './key-rotation.ts';
import type { ProcessHooks } from './process-hooks.ts';
import { createRecordedWorker } from './recorded-worker.ts';

/** How a store's process is run. SQLite cannot be interrupted, so only a kill ends a long statement. */
const WORKER_POLICY = {
  kind: 'store',
  cancel: 'kill',
  cancelGraceMs: 0,
  idleMs: 60_000,
  maxConcurrent: 1,
  // Beside the calls of apps there is always room for the daemon's own.
  maxQueued: 66,
  maxQueuedPerApp: 64,
} as const satisfies Partial<WorkerSpec>;

/** All apps of a login open their stores at once, on a machine that may have two cores. */
const START_TIMEOUT_MS = 60_000;
/** After an unclean stop every page is read and authenticated before the first call: on a slow disk, so fast. */
const CHECKED_BYTES_PER_MS = 4 * 1024;

/** Makes the process of a store, which tells of its life by the hooks. */
export type CreateStoreWorker = (spec: WorkerSpec, hooks: ProcessHooks) => Worker<StoreOps>;

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
  /** Its calls answer Unavailable when the key is lost, locked or does not open the file. */
  open(place: StorePlace): Worker<StoreOps>;
  /** A new data key: the store, and every backup of it, under it. Throws NotFound where there is no store yet. */
  rotateKey(place: StorePlace): Promise<void>;
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

interface StoreProcessesDeps {
  readonly keys: StoreKeys;
  readonly createStoreWorker: CreateStoreWorker;
  readonly log: Pick<Log, 'warn'>;
}

export function createStoreProcesses(deps: StoreProcessesDeps): StoreProcesses {
  const { keys } = deps;
  const open = new Map<string, OpenStore>();
  const rotate = createKeyRotation(keys);
  const close = async (id: string): Promise<void> => {
    const store = open.get(id);
    open.delete(id);
    await store?.worker.close();
  };
  const openStore = (place: StorePlace): Worker<StoreOps> => {
    const present = open.get(place.id);
    if (present?.quotaBytes === place.quotaBytes) return present.worker;
    // An update changed the quota. Two processes never share a folder: the new one starts once the old one is gone.
    const left = present?.worker.close();
    const worker = createStoreProcess(place, { ...deps, rotate, left });
    open.set(place.id, { worker, quotaBytes: place.quotaBytes });
    return worker;
  };
  return {
    open: openStore,
    rotateKey: async (place) => {
      if (!(await keys.has(place.id))) throw noStore();
      await rotate(place.id, open.get(place.id)?.worker ?? openStore(place));
    },
    find: (id) => open.get(id)?.worker,
    close,
    status: () => [...open.values()].map(({ worker }) => worker.status()),
    closeAll: async () => {
      await Promise.all([...open.keys()].map(close));
    },
  };
}

/** One store's worker: started with its keys, on record with each opening, and with a rotation ended that was cut off. */
function createStoreProcess(
  place: StorePlace,
  deps: StoreProcessesDeps & {
    readonly rotate: ReturnType<typeof createKeyRotation>;
    readonly left: Promise<void> | undefined;
  },
): Worker<StoreOps> {
  const { keys, createStoreWorker, rotate, left, log } = deps;
  const { id, folder } = place;
  let started: StoreStart | undefined;
  const spec: WorkerSpec = {
    ...WORKER_POLICY,
    model: id,
    // Asked at every start: the file grows.
    get startTimeoutMs() {
      return START_TIMEOUT_MS + Math.ceil(measureStoreFiles(folder) / CHECKED_BYTES_PER_MS);
    },
    start: async () => {
      await left;
      return (started = await describeStart(keys, place));
    },
    writableFolders: [folder],
    confinesReads: true,
  };
  const worker = createRecordedWorker((hooks) => createStoreWorker(spec, hooks), {
    record: (generation) => keys.recordGeneration(id, generation),
    onLoaded: () => {
      for (const key of started?.keys ?? []) key.fill(0);
    },
    onRecorded: () => {
      if ((started?.keys.length ?? 0) < 2) return;
      rotate(id, worker).catch((error: unknown) => {
        log.warn('store.rotationUnfinished', { appId: id, ...describeError(error) });
      });
    },
  });
  return worker;
}

/** Asked at every start: the keys are unwrapped for it and held by nobody here. */
async function describeStart(
  keys: StoreKeys,
  { id, folder, quotaBytes }: StorePlace,
): Promise<StoreStart> {
  const path = join(folder, DATABASE_FILE);
  const opened = await keys.open(id, { mustExist: isStoreKnown(path) });
  createPrivateFolder(folder);
  return { path, quotaBytes, ...opened };
}

function noStore(): RpcError {
  return new RpcError('NotFound', 'This app has no store yet.');
}
