import { serveWorker } from '../serve.ts';
import type { LlmOps, LlmStart } from './ops.ts';

serveWorker<LlmStart, LlmOps>(process, async (start) =>
  (await import('./engine.ts')).createLlmEngine(start),
);
