import type { CatalogEntry } from '@locara/protocol';
import type { ReadyModel } from '../models/app-models.ts';
import type { LoadOps } from '../workers/engine.ts';
import type { LlmOps } from '../workers/llm/ops.ts';
import type { OcrOps } from '../workers/ocr/ops.ts';
import type { SpeechOps } from '../workers/speech/ops.ts';
import type { Worker, WorkerStatus } from '../workers/worker.ts';
import type { Pressure } from './memory/platform/memory-platform.ts';

/** The running engines: one worker per model, shared by all apps. Each throws Unavailable for an unsound file. */
export interface Engines {
  llm(model: ReadyModel): Worker<LlmOps>;
  speech(model: ReadyModel): Worker<SpeechOps>;
  ocr(model: ReadyModel): Worker<OcrOps>;
}

export type ModelName = Pick<ReadyModel, 'digest'> & { readonly id: string };

export interface EngineStatus extends WorkerStatus {
  /** By its estimate, while it is counted. */
  readonly memoryBytes?: number;
  /** Of one text, where the model writes or embeds. */
  readonly contextTokens?: number;
  /** Texts that it writes side by side. */
  readonly sequences?: number;
}

/** Of all models together. */
export interface MemoryStatus {
  readonly limitBytes: number;
  readonly heldBytes: number;
  /** What one more could take without another being unloaded. */
  readonly availableBytes: number;
  /** No model gets more context than this here. */
  readonly maxContextTokens: number;
  readonly pressure: Pressure;
}

/** What is decided and known of the models that are, or will be, in memory. */
export interface RunningEngines extends Engines {
  /** The worker of any model, whatever it is for; `load` starts it. */
  worker(model: ReadyModel): Worker<LoadOps>;
  status(): readonly EngineStatus[];
  /** The engine of one model as one app may see it; undefined when only others use it. */
  statusFor(digest: string, app: string): EngineStatus | undefined;
  memory(): MemoryStatus;
  isLoaded(digest: string): boolean;
  /** Milliseconds that the model stays refused for its crashes; 0 when it may be used. */
  quarantineMs(digest: string): number;
  /** What one call may have here, prompt and answer together; at most this while the model was never made ready. */
  contextTokensOf(entry: CatalogEntry, digest: string): number | undefined;
  /** While held, a model is not unloaded for being idle, and is the last to go when memory is needed. */
  keepWarm(digest: string, isHeld: boolean): void;
  /** Told when a model came into memory or is gone from it. */
  onLoaded(listener: (model: ModelName, isLoaded: boolean) => void): void;
  /** Language models drop what the texts of this session left behind. */
  forgetSession(session: string): void;
  close(): Promise<void>;
}
