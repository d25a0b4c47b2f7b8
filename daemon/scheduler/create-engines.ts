import type { Log } from '../log.ts';
import type { ReadyModel } from '../models/app-models.ts';
import type { LlmOps } from '../workers/llm/ops.ts';
import type { OcrOps } from '../workers/ocr/ops.ts';
import type { SpeechOps } from '../workers/speech/ops.ts';
import { createWorker } from '../workers/supervisor.ts';
import type { Worker, WorkerSpec, WorkerStatus } from '../workers/worker.ts';
import type { Engines } from './engines.ts';
import { describeLlm, describeOcr, describeSpeech, type EngineSettings } from './engine-specs.ts';

export interface EnginesDeps {
  readonly settings: EngineSettings;
  readonly log: Log;
}

export interface RunningEngines extends Engines {
  status(): readonly WorkerStatus[];
  isLoaded(digest: string): boolean;
  /** Language models drop what the texts of this session left behind. */
  forgetSession(session: string): void;
  close(): Promise<void>;
}

/** One worker per model and purpose, started by its first call, shared by every app. */
export function createEngines(deps: EnginesDeps): RunningEngines {
  const { settings } = deps;
  const workers = new Map<string, Worker<never>>();
  const share = <Ops>(model: ReadyModel, describe: () => WorkerSpec): Worker<Ops> => {
    const existing = workers.get(model.digest);
    if (existing !== undefined) return existing as unknown as Worker<Ops>;
    const worker = createWorker<Ops>(describe(), { log: deps.log });
    workers.set(model.digest, worker as unknown as Worker<never>);
    return worker;
  };
  return {
    llm: (model) => share<LlmOps>(model, () => describeLlm(model, settings)),
    speech: (model) => share<SpeechOps>(model, () => describeSpeech(model, settings)),
    ocr: (model) => share<OcrOps>(model, () => describeOcr(model, settings)),
    status: () => [...workers.values()].map((worker) => worker.status()),
    isLoaded: (digest) => {
      const state = workers.get(digest)?.status().state;
      return state === 'ready' || state === 'busy';
    },
    forgetSession: (session) => {
      for (const worker of workers.values()) {
        if (worker.status().kind !== 'llm') continue;
        (worker as unknown as Worker<LlmOps>).notify('forget', { session });
      }
    },
    close: async () => {
      await Promise.all([...workers.values()].map((worker) => worker.close()));
    },
  };
}
