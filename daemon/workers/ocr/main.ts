import { serveWorker } from '../serve.ts';
import type { OcrStart } from './ops.ts';

serveWorker(process, async (start: OcrStart) =>
  (await import('./engine.ts')).createOcrEngine(start),
);
