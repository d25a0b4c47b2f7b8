import { expect, test } from 'vitest';
import { detect } from '../../../../daemon/privacy/redaction/detect.ts';
import { listAdversarialTexts } from '../../../support/adversarial-texts.ts';

/** What doubles with the text takes twice as long; what grows with its square four times. */
const MOST_GROWTH = 3;
/** Far above what any takes, and far below what a square takes. */
const MOST_MS = 1000;
const CHARS = 50_000;
const ROUNDS = 4;

test.each(listAdversarialTexts(2 * CHARS))('repeating %s costs in proportion', (_, text) => {
  const settings = { threshold: 'strict' } as const;
  const time = (part: string): number => {
    const started = process.cpuUsage();
    detect(part, settings);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
  time(text.slice(0, CHARS));
  const pairs = Array.from({ length: ROUNDS }, () => [time(text.slice(0, CHARS)), time(text)]);
  const half = Math.min(...pairs.map(([ms = 0]) => ms));
  const whole = Math.min(...pairs.map(([, ms = 0]) => ms));
  expect(whole).toBeLessThan(MOST_MS);
  // Below 30 ms, clocks and the compiler count for more than the text.
  expect(whole < 30 || whole / half < MOST_GROWTH).toBe(true);
});
