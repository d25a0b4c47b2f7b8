import type { ReadyModel } from '../models/app-models.ts';
import type { Admission, Resident } from './memory/admission.ts';
import type { ContextPlan } from './memory/context-plan.ts';
import type { LoadOps } from '../workers/engine.ts';
import { type GovernedWorker, governWorker, type ProcessHooks } from './threads/govern-worker.ts';
import type { ThreadGovernor } from './threads/thread-governor.ts';
import { createWorker } from '../workers/supervisor.ts';
import type { WorkerDependencies } from '../workers/worker-dependencies.ts';
import type { Worker, WorkerSpec, WorkerStatus } from '../workers/worker.ts';

/** How much text it holds, where it writes or embeds, and how many texts side by side, where it writes. */
export type ModelSize = Partial<ContextPlan>;

/** The one worker of a model, and what it means for memory. */
export interface ModelSlot extends Resident {
  readonly size: ModelSize;
  /** Calls through it count as uses. */
  readonly worker: Worker<LoadOps>;
  isLoaded(): boolean;
  /** Whether its memory is counted. */
  isResident(): boolean;
  keepWarm(isHeld: boolean): void;
  /** As one app may see it; undefined when only others use it. */
  statusFor(app: string): WorkerStatus | undefined;
}

export interface ModelSlotOptions {
  readonly model: ReadyModel;
  /** What its worker takes, estimated. */
  readonly bytes: number;
  readonly size: ModelSize;
  readonly spec: WorkerSpec;
  readonly admission: Admission;
  readonly governor: ThreadGovernor;
  readonly log: WorkerDependencies['log'];
  readonly onLoaded: (isLoaded: boolean) => void;
}

export function createModelSlot(options: ModelSlotOptions): ModelSlot {
  const { model, admission } = options;
  let lastUsedAt = 0;
  let isLeased = false;
  let isLoaded = false;
  let isResident = false;
  const touch = (): void => {
    lastUsedAt = performance.now();
  };
  const setLoaded = (isNow: boolean): void => {
    if (isLoaded === isNow) return;
    isLoaded = isNow;
    options.onLoaded(isNow);
  };
  const worker = openWorker(options, {
    admit: async (signal) => {
      await model.verify(signal);
      await admission.admit(slot, signal);
      isResident = true;
    },
    onReady: () => {
      setLoaded(true);
    },
    onExit: () => {
      isResident = false;
      admission.left(slot);
      setLoaded(false);
    },
  });
  const slot: ModelSlot = {
    model: model.entry.id,
    bytes: options.bytes,
    size: options.size,
    worker: tellUses(worker, {
      onBegin: touch,
      onEnd: () => {
        touch();
        admission.changed();
      },
    }),
    isIdle: () => isIdle(worker),
    isStarting: () => worker.status().state === 'starting',
    isLeased: () => isLeased,
    lastUsedAt: () => lastUsedAt,
    stopIfIdle: () => worker.stopIfIdle(),
    statusFor: (app) => worker.statusFor(app),
    isLoaded: () => isLoaded,
    isResident: () => isResident,
    keepWarm: (isHeld) => {
      isLeased = isHeld;
      worker.keepWarm(isHeld);
    },
  };
  return slot;
}

/** What becomes of the model's process. */
interface SlotLife {
  readonly admit: (signal: AbortSignal) => Promise<void>;
  readonly onReady: () => void;
  readonly onExit: () => void;
}

/** The model's worker, under the governor of threads. */
function openWorker(
  { spec, log, governor }: ModelSlotOptions,
  life: SlotLife,
): GovernedWorker<LoadOps> {
  const create = (hooks: ProcessHooks): Worker<LoadOps> =>
    createWorker<LoadOps>(spec, {
      log,
      beforeStart: life.admit,
      onReady: () => {
        hooks.onReady();
        life.onReady();
      },
      onExit: () => {
        hooks.onExit();
        life.onExit();
      },
    });
  return governWorker<LoadOps>(create, { governor, isSingle: spec.kind === 'ocr' });
}

function isIdle(worker: Worker<LoadOps>): boolean {
  const { running, queued } = worker.status();
  return running + queued === 0;
}

function tellUses<Ops>(
  worker: Worker<Ops>,
  told: { readonly onBegin: () => void; readonly onEnd: () => void },
): Worker<Ops> {
  return {
    ...worker,
    call: async (op, params, options) => {
      told.onBegin();
      try {
        return await worker.call(op, params, options);
      } finally {
        told.onEnd();
      }
    },
  };
}
