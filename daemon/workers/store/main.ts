import { serveWorker } from '../serve.ts';
import type { StoreStart } from './ops.ts';

serveWorker(process, async (start: StoreStart) =>
  (await import('./engine.ts')).createStoreEngine(start),
);
