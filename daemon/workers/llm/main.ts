import { serveWorker } from '../serve.ts';
import type { LlmOps, LlmStart } from './ops.ts';
import { skipBinaryTest } from './skip-binary-test.ts';
import { takeEnginePackages } from './engine-packages.ts';

serveWorker<LlmStart, LlmOps>(process, async (start) => {
  skipBinaryTest();
  if (start.enginePackages !== undefined) takeEnginePackages(start.enginePackages);
  return (await import('./engine.ts')).createLlmEngine(start);
});
