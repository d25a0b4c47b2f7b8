import { serveWorker } from '../../../daemon/workers/serve.ts';

// A platform without a seal.
Object.defineProperty(process, 'platform', { value: 'aix' });
serveWorker(process, async () => (await import('./engine.ts')).loadEcho({}));
