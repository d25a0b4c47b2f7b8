import type { Worker, WorkerStatus } from '../../workers/worker.ts';
import { createEngineUse, type OwnUse } from './engine-use.ts';
import type { GovernedEngine, ThreadGovernor } from './thread-governor.ts';

/** What an engine that computes with several threads can be told. */
interface ThreadedOps {
  setThreads: { params: { readonly threads: number }; chunk: never; result: undefined };
}

/** A worker that shares the cores with the others, and remembers who uses it. */
export interface GovernedWorker<Ops> extends Worker<Ops> {
  /**
   * The worker as one app may see it: undefined when only others use it, not busy when only others keep it so,
   * and with the threads that it has when nobody shares the cores.
   */
  statusFor(app: string): WorkerStatus | undefined;
}

/** What the supervisor tells of the worker's process. */
export interface ProcessHooks {
  readonly onReady: () => void;
  readonly onExit: () => void;
}

/** Puts a worker under the governor: whoever has calls there gets its share of the threads. */
export function governWorker<Ops>(
  create: (hooks: ProcessHooks) => Worker<Ops>,
  {
    governor,
    isSingle = false,
  }: { readonly governor: ThreadGovernor; readonly isSingle?: boolean },
): GovernedWorker<Ops> {
  const worker = create({
    onReady: () => {
      engine.restart();
    },
    onExit: () => {
      use.forget();
    },
  });
  const engine = governor.add({
    isSingle,
    tell: (threads) => {
      (worker as unknown as Worker<ThreadedOps>).notify('setThreads', { threads });
    },
  });
  const use = createEngineUse({
    onBusy: () => {
      engine.begin();
    },
    onIdle: () => {
      engine.end();
    },
  });
  return {
    ...worker,
    call: async (op, params, options = {}) => {
      const done = use.begin(options.app ?? '');
      try {
        return await worker.call(op, params, options);
      } finally {
        done();
      }
    },
    status: () => explainThreads(worker.status(), engine.why()),
    statusFor: (app) => {
      const own = use.of(app);
      return own.hasCalled ? showOwn(worker.status(), own, engine) : undefined;
    },
  };
}

function explainThreads(status: WorkerStatus, share: string): WorkerStatus {
  const { device } = status;
  if (device === undefined) return status;
  const why = [device.why, share, device.threadsWhy ?? ''].filter((part) => part !== '').join(' ');
  return { ...status, device: { ...device, why } };
}

function showOwn(status: WorkerStatus, own: OwnUse, engine: GovernedEngine): WorkerStatus {
  const { device, state } = status;
  const shown: WorkerStatus = {
    ...status,
    state: state === 'busy' && own.calls === 0 ? 'ready' : state,
    running: 0,
    queued: 0,
  };
  if (device === undefined) return shown;
  const { threads, why } = engine.alone();
  // That fewer threads are faster for now would tell what else runs.
  return explainThreads({ ...shown, device: { ...device, threads, threadsWhy: '' } }, why);
}
