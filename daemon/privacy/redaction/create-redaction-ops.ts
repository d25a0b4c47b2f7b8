import type { Engine } from '../../workers/engine.ts';
import { createDetector, MAX_FINDINGS, tooManyFindings } from './detect.ts';
import { createTurns, type NextTurn, runInSlices } from './in-slices.ts';
import { packFindings } from './packed-findings.ts';
import type { Finding, RedactionOps } from './redaction-ops.ts';
import { createRedact, type Detect } from './replacement/redact-texts.ts';

function createDetect(nextTurn: NextTurn): Detect {
  return async ({ texts, settings }, { signal }) => {
    const detector = createDetector(settings);
    const findings: Finding[][] = [];
    let count = 0;
    for (const text of texts) {
      const found = await runInSlices(detector.search(text), { nextTurn, signal });
      count += found.length;
      if (count > MAX_FINDINGS) throw tooManyFindings();
      findings.push(found);
    }
    return findings;
  };
}

export function createRedactionOps(): Engine<RedactionOps> {
  const detect = createDetect(createTurns());
  return {
    detect: async (asked, call) => ({ found: packFindings(await detect(asked, call)) }),
    redact: createRedact(detect),
  };
}
