import { serveWorker } from '../../../daemon/workers/serve.ts';
import type { EchoStart } from './ops.ts';

serveWorker(process, async (start: EchoStart) => (await import('./engine.ts')).loadEcho(start));
