import { serveWorker } from '../../../daemon/workers/serve.ts';

serveWorker(process, async (_start, seal) => (await import('./engine.ts')).loadBreakout(seal));
