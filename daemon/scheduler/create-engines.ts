import type { CatalogEntry } from '@locara/protocol';
import type { Log } from '../log.ts';
import type { ReadyModel } from '../models/app-models.ts';
import type { LlmOps } from '../workers/llm/ops.ts';
import type { Worker } from '../workers/worker.ts';
import {
  describeLlm,
  describeOcr,
  describeSpeech,
  type EngineSettings,
  threadBudget,
} from './engine-specs.ts';
import type { EngineStatus, ModelName, RunningEngines } from './engines.ts';
import { type Admission, createAdmission } from './memory/admission.ts';
import type { MachineMemory } from './memory/machine-memory.ts';
import type { MemoryBudget, MemorySettings } from './memory/memory-budget.ts';
import {
  estimateOcr,
  estimateSpeech,
  type LlmLimits,
  maxContextTokens,
  planLlm,
} from './memory/plan-model.ts';
import { createPressureWatch } from './memory/pressure-watch.ts';
import { createThreadGovernor, type ThreadGovernor } from './threads/thread-governor.ts';
import { createModelSlot, type ModelSlot, type ModelSlotOptions } from './model-slot.ts';

export interface EnginesDeps {
  readonly settings: EngineSettings;
  readonly memory: Pick<MemorySettings, 'waitMs' | 'maxContextTokens'>;
  readonly budget: MemoryBudget;
  readonly machine: MachineMemory;
  readonly log: Log;
}

type LoadedListener = (model: ModelName, isLoaded: boolean) => void;

const PRESSURE_INTERVAL_MS = 2000;

/** One worker per model, started by its first call when there is memory for it, shared by every app. */
export function createEngines(deps: EnginesDeps): RunningEngines {
  const listeners: LoadedListener[] = [];
  const { admission, pressure } = watchMemory(deps);
  const tell: LoadedListener = (model, isLoaded) => {
    if (isLoaded) pressure.wake();
    for (const listener of listeners) listener(model, isLoaded);
  };
  const governor = createThreadGovernor(threadBudget(deps.settings));
  const slots = new Map<string, ModelSlot>();
  const find = (model: ReadyModel): ModelSlot => {
    const existing = slots.get(model.digest);
    if (existing !== undefined) return existing;
    const slot = openSlot(model, deps, { admission, governor, tell });
    slots.set(model.digest, slot);
    return slot;
  };
  const workerOf = <Ops>(model: ReadyModel): Worker<Ops> =>
    find(model).worker as unknown as Worker<Ops>;
  return {
    llm: workerOf,
    speech: workerOf,
    ocr: workerOf,
    worker: workerOf,
    status: () => [...slots.values()].map(describeSlot),
    memory: () => ({
      limitBytes: deps.budget.limitBytes,
      heldBytes: admission.heldBytes(),
      availableBytes: admission.freeBytes(),
      maxContextTokens: maxContextTokens(toLlmLimits(deps)),
      pressure: pressure.level(),
    }),
    statusFor: (digest, app) => describeFor(slots.get(digest), app),
    isLoaded: (digest) => slots.get(digest)?.isLoaded() === true,
    quarantineMs: (digest) => slots.get(digest)?.worker.status().quarantine?.remainingMs ?? 0,
    contextTokensOf: (entry, digest) =>
      slots.get(digest)?.size.contextTokens ?? guessContextTokens(entry, deps),
    keepWarm: (digest, isHeld) => {
      slots.get(digest)?.keepWarm(isHeld);
    },
    onLoaded: (listener) => {
      listeners.push(listener);
    },
    forgetSession: (session) => {
      for (const { worker } of slots.values()) {
        if (worker.status().kind !== 'llm') continue;
        (worker as unknown as Worker<LlmOps>).notify('forget', { session });
      }
    },
    close: async () => {
      pressure.stop();
      await Promise.all([...slots.values()].map(({ worker }) => worker.close()));
    },
  };
}

/** Who gets memory, and what happens when it runs short. */
function watchMemory({ budget, machine, memory, log }: EnginesDeps) {
  const admission = createAdmission({
    ...budget,
    availableBytes: () => machine.availableBytes(),
    waitMs: memory.waitMs,
    log,
  });
  const pressure = createPressureWatch({
    admission,
    readPressure: () => machine.pressure(),
    intervalMs: PRESSURE_INTERVAL_MS,
    log,
  });
  return { admission, pressure };
}

function describeSlot(slot: ModelSlot): EngineStatus {
  const memory = slot.isResident() ? { memoryBytes: slot.bytes } : {};
  return { ...slot.worker.status(), ...slot.size, ...memory };
}

function describeFor(slot: ModelSlot | undefined, app: string): EngineStatus | undefined {
  const status = slot?.statusFor(app);
  return status === undefined ? undefined : { ...status, ...slot?.size };
}

function openSlot(
  model: ReadyModel,
  deps: EnginesDeps,
  shared: {
    readonly admission: Admission;
    readonly governor: ThreadGovernor;
    readonly tell: LoadedListener;
  },
): ModelSlot {
  return createModelSlot({
    model,
    ...planSlot(model, deps),
    admission: shared.admission,
    governor: shared.governor,
    log: deps.log,
    onLoaded: (isLoaded) => {
      shared.tell({ id: model.entry.id, digest: model.digest }, isLoaded);
    },
  });
}

/** What the model's worker is told, and what it takes. */
function planSlot(
  model: ReadyModel,
  deps: EnginesDeps,
): Pick<ModelSlotOptions, 'bytes' | 'spec' | 'size'> {
  const { settings } = deps;
  const { task } = model.entry;
  if (task === 'speech-to-text') {
    return { bytes: estimateSpeech(model), spec: describeSpeech(model, settings), size: {} };
  }
  if (task === 'image-to-text') {
    return { bytes: estimateOcr(model), spec: describeOcr(model, settings), size: {} };
  }
  const { bytes, purpose, plan } = planLlm(model, toLlmLimits(deps));
  const spec = describeLlm(model, settings, { purpose, plan });
  const { contextTokens, sequences } = plan;
  return {
    bytes,
    spec,
    size: purpose === 'embed' ? { contextTokens } : { contextTokens, sequences },
  };
}

function toLlmLimits({ settings, budget, memory }: EnginesDeps): LlmLimits {
  const { maxContextTokens } = memory;
  return { budget, maxContextTokens, maxSequences: settings.llmSequences };
}

/** Before the header was read: what the catalog says, and this machine allows at most. */
function guessContextTokens(
  { contextTokens }: CatalogEntry,
  deps: EnginesDeps,
): number | undefined {
  return contextTokens === undefined
    ? undefined
    : Math.min(contextTokens, maxContextTokens(toLlmLimits(deps)));
}
