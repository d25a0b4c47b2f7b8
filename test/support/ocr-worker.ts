import type { OcrOps } from '../../daemon/workers/ocr/ops.ts';
import { createWorker } from '../../daemon/workers/supervisor.ts';
import type { Worker } from '../../daemon/workers/worker.ts';

/** The real worker, sealed and supervised, with one language. */
export function createOcrWorker(languagePath: string): Worker<OcrOps> {
  return createWorker<OcrOps>(
    {
      kind: 'ocr',
      model: 'tesseract-eng',
      start: { languages: { eng: languagePath } },
      cancel: 'message',
      cancelGraceMs: 1000,
      startTimeoutMs: 30_000,
      idleMs: 60_000,
      maxConcurrent: 1,
      maxQueued: 8,
    },
    { log: { info: () => undefined, warn: () => undefined } },
  );
}
