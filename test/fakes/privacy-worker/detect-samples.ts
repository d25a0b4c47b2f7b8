import { setImmediate } from 'node:timers/promises';
import { RpcError } from '@locara/protocol/errors';
import type { Finding } from '../../../daemon/privacy/redaction/redaction-ops.ts';
import type { Detect } from '../../../daemon/privacy/redaction/replacement/redact-texts.ts';

/** Shapes enough to test what is made of findings, where the recognizers themselves are not what is tested. */
const SAMPLES: readonly (readonly [entity: string, pattern: RegExp])[] = [
  ['SECRET', /-----BEGIN [A-Z ]{1,32}-----[A-Za-z0-9+/=\s]{0,9000}-----END [A-Z ]{1,32}-----/g],
  ['URL', /\bhttps?:\/\/[^\s:@/]{1,64}:[^\s:@/]{1,64}@[^\s]{1,8192}/g],
  ['EMAIL_ADDRESS', /\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}\b/g],
  ['DATE_TIME', /\b(?:March|April|may) \d{1,2}, \d{4}\b/g],
  ['STREET_ADDRESS', /\b\d{1,5} (?:[A-Z][a-z]{1,15} ){1,3}(?:Street|Road)\b/g],
  ['CREDIT_CARD', /\b\d{4}(?:[ -]?\d{4}){3}\b/g],
  ['PHONE_NUMBER', /\(?\b\d{3}\)?[ -]\d{3}[ -]\d{4}\b/g],
  ['US_SSN', /\b\d{9}\b/g],
];
const NEEDS_WORD = /\bssn\b/i;
const SLICE = 4096;

/** The first of overlapping ones stays. */
export function detectSamples(text: string): Finding[] {
  const findings: Finding[] = [];
  for (const [entity, pattern] of SAMPLES) {
    for (const { 0: match, index: start } of text.matchAll(pattern)) {
      const end = start + match.length;
      if (findings.some((other) => other.start < end && other.end > start)) continue;
      if (entity === 'US_SSN' && !NEEDS_WORD.test(text.slice(Math.max(0, start - 80), start))) {
        continue;
      }
      findings.push({ entity, start, end, score: 1, reason: 'sample' });
    }
  }
  return findings.toSorted((a, b) => a.start - b.start);
}

/** Takes its time, in slices, where a text says `slow`; hangs where it says `hang`; has a bug where it says `fail`. */
export const detect: Detect = async ({ texts }, { signal }) => {
  const findings: Finding[][] = [];
  for (const text of texts) {
    if (text.startsWith('fail')) throw new Error(text);
    if (text.startsWith('hang')) for (;;) if (text.length === 0) break;
    const slices = text.startsWith('slow') ? text.length / SLICE : 0;
    for (let slice = 0; slice < slices; slice++) {
      const endsAt = performance.now() + 5;
      while (performance.now() < endsAt);
      await setImmediate();
      if (signal.aborted) throw new RpcError('Cancelled', 'The call was cancelled.');
    }
    findings.push(detectSamples(text));
  }
  return findings;
};
