import { expect, test } from 'vitest';
import { detect } from '../../../../daemon/privacy/redaction/detect.ts';
import { listAdversarialTexts } from '../../../support/adversarial-texts.ts';

/** What doubles with the text takes twice as long; what grows with its square four times. */
const MOST_GROWTH = 3;
/** Far above what any takes, and far below what a square takes. */
const MOST_MS = 1000;
const CHARS = 50_000;
const LEAST_ROUNDS = 3;
const MOST_ROUNDS = 20;

test.each(listAdversarialTexts(2 * CHARS))('repeating %s costs in proportion', (_, text) => {
  const settings = { threshold: 'strict' } as const;
  const time = (part: string): number => {
    const started = process.cpuUsage();
    detect(part, settings);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
  time(text.slice(0, CHARS));
  let half = Number.POSITIVE_INFINITY;
  let whole = Number.POSITIVE_INFINITY;
  // The best of each: what a collection of garbage or another program adds is not meant, and a square stays one.
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    half = Math.min(half, time(text.slice(0, CHARS)));
    whole = Math.min(whole, time(text));
    if (round >= LEAST_ROUNDS && isProportional(half, whole)) break;
  }
  expect(whole).toBeLessThan(MOST_MS);
  expect(isProportional(half, whole)).toBe(true);
});

/** Below 30 ms, clocks and the compiler count for more than the text. */
function isProportional(half: number, whole: number): boolean {
  return whole < 30 || whole / half < MOST_GROWTH;
}
