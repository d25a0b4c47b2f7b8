import { packFindings } from '../../../daemon/privacy/redaction/packed-findings.ts';
import { createRedact } from '../../../daemon/privacy/redaction/replacement/redact-texts.ts';
import type { RedactionOps } from '../../../daemon/privacy/redaction/redaction-ops.ts';
import type { LoadedEngine } from '../../../daemon/workers/engine.ts';
import { serveWorker } from '../../../daemon/workers/serve.ts';
import { detect } from './detect-samples.ts';

serveWorker(process, (): Promise<LoadedEngine<RedactionOps>> =>
  Promise.resolve({
    engine: {
      detect: async (asked, call) => ({ found: packFindings(await detect(asked, call)) }),
      redact: createRedact(detect),
    },
    device: { device: 'CPU', threads: 1, why: 'A test.' },
  }),
);
