import { serveWorker } from '../serve.ts';

serveWorker(process, async () => (await import('./engine.ts')).createPrivacyEngine());
