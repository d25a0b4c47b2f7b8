import { type OpenedStore, openStore } from '../../daemon/stores/database/opening.ts';
import { createStoreOperations } from '../../daemon/workers/store/engine.ts';
import { EXIT_COUNTED_ON } from '../../daemon/workers/store/ops/opening-ops.ts';
import type { ProcessHooks } from '../../daemon/stores/recorded-worker.ts';
import type { StoreOps, StoreStart } from '../../daemon/workers/store/ops.ts';
import type { Worker, WorkerSpec } from '../../daemon/workers/worker.ts';
import { SILENT_CALL } from './engine-call.ts';

/** The real store engine behind the interface of a worker, without the process around it. */
export function createInProcessStoreWorker(
  spec: WorkerSpec,
  { onReady, onExit }: ProcessHooks,
): Worker<StoreOps> {
  let store: OpenedStore | undefined;
  let opening: Promise<OpenedStore> | undefined;
  const open = async (): Promise<OpenedStore> => {
    const start = await (spec.start as () => Promise<StoreStart>)();
    // As over the channel to a process: the daemon's own copy of the keys is not this one.
    store = openStore(structuredClone(start));
    onReady();
    return store;
  };
  const call = async (op: string, params: unknown): Promise<never> => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    const store = await opening;
    const operations = createStoreOperations(store);
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
      const code = store?.close() === true ? EXIT_COUNTED_ON : 0;
      if (store !== undefined) {
        onExit({ pid: 0, end: { cause: 'ended' }, wasReady: true, code, signal: null });
      }
      store = undefined;
      opening = undefined;
      return Promise.resolve();
    },
  };
}
