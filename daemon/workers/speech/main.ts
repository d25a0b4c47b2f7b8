import { serveWorker } from '../serve.ts';
import type { SpeechOps, SpeechStart } from './ops.ts';

serveWorker<SpeechStart, SpeechOps>(process, async (start) =>
  (await import('./engine.ts')).createSpeechEngine(start),
);
