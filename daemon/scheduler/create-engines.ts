import type { Log } from '../log.ts';
import type { ReadyModel } from '../models/app-models.ts';
import type { LlmOps } from '../workers/llm/ops.ts';
import type { OcrOps } from '../workers/ocr/ops.ts';
import type { SpeechOps } from '../workers/speech/ops.ts';
import { createWorker } from '../workers/supervisor.ts';
import type { Worker, WorkerSpec, WorkerStatus } from '../workers/worker.ts';
import type { Engines } from './engines.ts';
import {
  describeLlm,
  describeOcr,
  describeSpeech,
  type EngineSettings,
  threadBudget,
} from './engine-specs.ts';
import { type GovernedWorker, governWorker } from './threads/govern-worker.ts';
import { createThreadGovernor } from './threads/thread-governor.ts';

export interface EnginesDeps {
  readonly settings: EngineSettings;
  readonly log: Log;
}

export interface RunningEngines extends Engines {
  status(): readonly WorkerStatus[];
  /** The engine of one model as one app may see it; undefined when only others use it. */
  statusFor(digest: string, app: string): WorkerStatus | undefined;
  isLoaded(digest: string): boolean;
  close(): Promise<void>;
}

/** One worker per model and purpose, started by its first call, shared by every app. */
export function createEngines(deps: EnginesDeps): RunningEngines {
  const { settings } = deps;
  const workers = new Map<string, GovernedWorker<never>>();
  const governor = createThreadGovernor(threadBudget(settings));
  const share = <Ops>(model: ReadyModel, describe: () => WorkerSpec): Worker<Ops> => {
    const existing = workers.get(model.digest);
    if (existing !== undefined) return existing;
    const spec = describe();
    const worker = governWorker<Ops>(
      (hooks) => createWorker<Ops>(spec, { log: deps.log, ...hooks }),
      {
        governor,
        isSingle: spec.kind === 'ocr',
      },
    );
    workers.set(model.digest, worker as unknown as GovernedWorker<never>);
    return worker;
  };
  return {
    llm: (model) => share<LlmOps>(model, () => describeLlm(model, settings)),
    speech: (model) => share<SpeechOps>(model, () => describeSpeech(model, settings)),
    ocr: (model) => share<OcrOps>(model, () => describeOcr(model, settings)),
    status: () => [...workers.values()].map((worker) => worker.status()),
    statusFor: (digest, app) => workers.get(digest)?.statusFor(app),
    isLoaded: (digest) => {
      const state = workers.get(digest)?.status().state;
      return state === 'ready' || state === 'busy';
    },
    close: async () => {
      await Promise.all([...workers.values()].map((worker) => worker.close()));
    },
  };
}
