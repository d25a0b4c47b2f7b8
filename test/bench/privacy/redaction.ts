import { detect } from '../../../daemon/privacy/redaction/detect.ts';
import { listAdversarialTexts, writeProse } from '../../support/adversarial-texts.ts';
import { median, type Row } from '../measure.ts';

const MEGABYTE = 1024 * 1024;
const ROUNDS = 5;

/** In this process: what the worker takes for it. */
export function benchDetection(): readonly Row[] {
  const prose = writeProse(MEGABYTE);
  const worst = listAdversarialTexts()
    .map(([piece, text]) => ({ piece, ms: timeDetection(text) }))
    .toSorted((a, b) => b.ms - a.ms);
  const figures = worst.map(({ ms }) => ms);
  return [
    { name: 'detect in 1 MB of prose', ours: inMs(timeDetection(prose)), goal: '250 ms' },
    {
      name: `detect in ${worst.length} adversarial texts of 100 KB`,
      ours: `p50 ${inMs(median(figures))}, worst ${inMs(figures[0] ?? NaN)} (${worst[0]?.piece ?? ''})`,
      goal: '100 ms',
    },
  ];
}

function timeDetection(text: string): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const startedMs = performance.now();
    detect(text, { threshold: 'balanced' });
    return performance.now() - startedMs;
  });
  return median(times);
}

function inMs(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}
