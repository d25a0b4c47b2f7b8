import type { ReadyModel } from '../models/app-models.ts';
import type { LlmOps } from '../workers/llm/ops.ts';
import type { OcrOps } from '../workers/ocr/ops.ts';
import type { SpeechOps } from '../workers/speech/ops.ts';
import type { Worker } from '../workers/worker.ts';

/** The running engines: one worker per model, shared by all apps. */
export interface Engines {
  llm(model: ReadyModel): Worker<LlmOps>;
  speech(model: ReadyModel): Worker<SpeechOps>;
  ocr(model: ReadyModel): Worker<OcrOps>;
}
