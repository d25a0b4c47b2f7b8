import type { ReadyModel } from '../models/app-models.ts';
import type { Admission, Resident } from './memory/admission.ts';
import type { LoadOps } from '../workers/engine.ts';
import { createWorker } from '../workers/supervisor.ts';
import type { WorkerDependencies } from '../workers/worker-dependencies.ts';
import type { Worker, WorkerSpec } from '../workers/worker.ts';

/** The one worker of a model, and what it means for memory. */
export interface ModelSlot extends Resident {
  /** Of one call, where the model writes or embeds. */
  readonly contextTokens: number | undefined;
  /** Calls through it count as uses. */
  readonly worker: Worker<LoadOps>;
  isLoaded(): boolean;
  /** Whether its memory is counted. */
  isResident(): boolean;
  keepWarm(isHeld: boolean): void;
}

export interface ModelSlotOptions {
  readonly model: ReadyModel;
  /** What its worker takes, estimated. */
  readonly bytes: number;
  readonly contextTokens?: number;
  readonly spec: WorkerSpec;
  readonly admission: Admission;
  readonly log: WorkerDependencies['log'];
  readonly onLoaded: (isLoaded: boolean) => void;
}

export function createModelSlot(options: ModelSlotOptions): ModelSlot {
  const { model, spec, admission } = options;
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
  const worker = createWorker<LoadOps>(spec, {
    log: options.log,
    beforeStart: async (signal) => {
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
    contextTokens: options.contextTokens,
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
    isLoaded: () => isLoaded,
    isResident: () => isResident,
    keepWarm: (isHeld) => {
      isLeased = isHeld;
      worker.keepWarm(isHeld);
    },
  };
  return slot;
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
