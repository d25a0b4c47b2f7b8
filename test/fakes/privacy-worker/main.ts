import { createRedact } from '../../../daemon/privacy/redaction/replacement/redact-texts.ts';
import { serveWorker } from '../../../daemon/workers/serve.ts';
import { detect } from './detect-samples.ts';

serveWorker(process, () =>
  Promise.resolve({
    engine: { detect, redact: createRedact(detect) },
    device: { device: 'CPU', threads: 1, why: 'A test.' },
  }),
);
