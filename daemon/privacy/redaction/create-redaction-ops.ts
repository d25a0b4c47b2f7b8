import { RpcError } from '@locara/protocol/errors';
import type { Engine } from '../../workers/engine.ts';
import { createDetector } from './detect.ts';
import { runInSlices } from './in-slices.ts';
import type { Finding, RedactionOps } from './redaction-ops.ts';

export function createRedactionOps(): Engine<RedactionOps> {
  return {
    detect: async ({ texts, settings }, { signal }) => {
      const detector = createDetector(settings);
      const findings: Finding[][] = [];
      for (const text of texts) findings.push(await runInSlices(detector.search(text), signal));
      return { findings };
    },
    redact: () => {
      throw new RpcError('Unavailable', 'Redaction is not there yet.');
    },
  };
}
