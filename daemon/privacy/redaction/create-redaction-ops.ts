import type { Engine } from '../../workers/engine.ts';
import { createDetector } from './detect.ts';
import { runInSlices } from './in-slices.ts';
import type { Finding, RedactionOps } from './redaction-ops.ts';
import { createRedact } from './replacement/redact-texts.ts';

const detect: Engine<RedactionOps>['detect'] = async ({ texts, settings }, { signal }) => {
  const detector = createDetector(settings);
  const findings: Finding[][] = [];
  for (const text of texts) findings.push(await runInSlices(detector.search(text), signal));
  return { findings };
};

export function createRedactionOps(): Engine<RedactionOps> {
  return { detect, redact: createRedact(detect) };
}
