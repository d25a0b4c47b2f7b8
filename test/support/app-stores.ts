import { onTestFinished } from 'vitest';
import type { Paths } from '../../daemon/paths.ts';
import { type AppStores, createAppStores } from '../../daemon/stores/app-stores.ts';
import type { WorkerSpec } from '../../daemon/workers/worker.ts';
import { silentLog } from '../fakes/silent-log.ts';
import { createPaths } from './home-paths.ts';
import { makeCustody } from './key-custody.ts';
import { createInProcessStoreWorker } from './store-worker.ts';
import { makeTemporaryFolder } from './temporary-store.ts';

interface OpenedStores {
  readonly paths: Paths;
  readonly stores: AppStores;
  /** Of the workers that were made, in order. */
  readonly started: readonly WorkerSpec[];
}

/** The real stores of a new home, in this process; closed at the end of the test. */
export function openAppStores(): OpenedStores {
  const paths = createPaths(makeTemporaryFolder());
  const started: WorkerSpec[] = [];
  const stores = createAppStores({
    paths,
    keys: makeCustody(paths).storeKeys,
    createStoreWorker: (spec, hooks) => {
      started.push(spec);
      return createInProcessStoreWorker(spec, hooks);
    },
    log: silentLog,
  });
  onTestFinished(() => stores.closeAll());
  return { paths, stores, started };
}
