import type { Engine } from '../../workers/engine.ts';
import { createDetector, MAX_FINDINGS, tooManyFindings } from './detect.ts';
import { runInSlices } from './in-slices.ts';
import type { Finding, RedactionOps } from './redaction-ops.ts';
import { createRedact } from './replacement/redact-texts.ts';

const detect: Engine<RedactionOps>['detect'] = async ({ texts, settings }, { signal }) => {
  const detector = createDetector(settings);
  const findings: Finding[][] = [];
  let count = 0;
  for (const text of texts) {
    const found = await runInSlices(detector.search(text), signal);
    count += found.length;
    if (count > MAX_FINDINGS) throw tooManyFindings();
    findings.push(found);
  }
  return { findings };
};

export function createRedactionOps(): Engine<RedactionOps> {
  return { detect, redact: createRedact(detect) };
}
