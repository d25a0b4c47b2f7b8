import { serveWorker } from '../serve.ts';
import type { LlmOps, LlmStart } from './ops.ts';
import { skipBinaryTest } from './skip-binary-test.ts';

serveWorker<LlmStart, LlmOps>(process, async (start) => {
  skipBinaryTest();
  return (await import('./engine.ts')).createLlmEngine(start);
});
