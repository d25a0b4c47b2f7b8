import { type OpenedStore, openStore } from '../../daemon/stores/database/opening.ts';
import { createStoreOperations } from '../../daemon/workers/store/engine.ts';
import type { StoreOps, StoreStart } from '../../daemon/workers/store/ops.ts';
import type { Worker, WorkerSpec } from '../../daemon/workers/worker.ts';
import { SILENT_CALL } from './engine-call.ts';

/** The real store engine behind the interface of a worker, without the process around it. */
export function createInProcessStoreWorker(spec: WorkerSpec): Worker<StoreOps> {
  let store: OpenedStore | undefined;
  let operations: ReturnType<typeof createStoreOperations> | undefined;
  const call = async (op: string, params: unknown): Promise<never> => {
    store ??= openStore(spec.start as StoreStart);
    operations ??= createStoreOperations(store);
    const operation = operations[op as keyof StoreOps] as (...args: unknown[]) => never;
    // Like a process, a store answers later, never within the call.
    await Promise.resolve();
    return operation(params, SILENT_CALL);
  };
  return {
    call,
    notify: () => undefined,
    keepWarm: () => undefined,
    stopIfIdle: () => Promise.resolve(false),
    status: () => ({
      kind: spec.kind,
      model: spec.model,
      pid: process.pid,
      state: 'ready',
      device: undefined,
      running: 0,
      queued: 0,
      uptimeMs: 0,
      idleForMs: 0,
    }),
    close: () => {
      store?.database.close();
      store = undefined;
      operations = undefined;
      return Promise.resolve();
    },
  };
}
