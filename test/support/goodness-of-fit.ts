import { erfc } from '../../daemon/privacy/noise/accounting/erfcx.ts';

/** How often a sound sampler may fail one of these checks: once in a billion runs. */
export const FALSE_ALARM = 1e-9;

/** Deviations of a normal distribution beyond which, on both sides, only false alarms lie. */
export const FALSE_ALARM_Z = 6.11;

/** How many times each value came up. */
export function countDraws(draw: () => number, draws: number): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (let n = 0; n < draws; n += 1) {
    const value = draw();
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

/** A distribution on the whole numbers from `-reach` to `reach`; the rest of it is next to nothing. */
export interface Distribution {
  readonly reach: number;
  readonly probability: (value: number) => number;
}

/** How likely a sound sampler is to fit as badly as this, or worse, by Pearson's χ²; at least 20 expected in a bin. */
export function chiSquareP(
  counts: ReadonlyMap<number, number>,
  { reach, probability }: Distribution,
): number {
  const draws = sum(counts.values());
  let [observed, expected, square, bins] = [0, 0, 0, 0];
  const seen = new Set<number>();
  for (let value = -reach; value <= reach; value += 1) {
    seen.add(value);
    observed += counts.get(value) ?? 0;
    expected += draws * probability(value);
    if (expected < 20) continue;
    square += (observed - expected) ** 2 / expected;
    bins += 1;
    [observed, expected] = [0, 0];
  }
  // The last, too thin bin counts as one more, against at least one that is expected.
  const beyond = [...counts].filter(([value]) => !seen.has(value));
  observed += sum(beyond.map(([, count]) => count));
  square += (observed - expected) ** 2 / Math.max(1, expected);
  return upperTail(square, bins);
}

/** The same by the greatest distance of the cumulated frequencies (Kolmogorov and Smirnov; cautious where discrete). */
export function kolmogorovSmirnovP(
  counts: ReadonlyMap<number, number>,
  { reach, probability }: Distribution,
): number {
  const draws = sum(counts.values());
  let [below, cumulated, distance] = [0, 0, 0];
  for (let value = -reach; value <= reach; value += 1) {
    below += counts.get(value) ?? 0;
    cumulated += probability(value);
    distance = Math.max(distance, Math.abs(below / draws - cumulated));
  }
  return Math.min(1, 2 * Math.exp(-2 * draws * distance ** 2));
}

/** Mean and variance of draws. */
export function momentsOf(counts: ReadonlyMap<number, number>): {
  readonly draws: number;
  readonly mean: number;
  readonly variance: number;
} {
  const draws = sum(counts.values());
  let mean = 0;
  for (const [value, count] of counts) mean += (value * count) / draws;
  let variance = 0;
  for (const [value, count] of counts) variance += ((value - mean) ** 2 * count) / draws;
  return { draws, mean, variance };
}

/** Wilson's interval of a probability after so many trials, which misses it once in a billion times. */
export function wilsonInterval(hits: number, trials: number): readonly [number, number] {
  const square = FALSE_ALARM_Z ** 2;
  const share = hits / trials;
  const middle = (share + square / (2 * trials)) / (1 + square / trials);
  const half =
    (FALSE_ALARM_Z * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials ** 2))) /
    (1 + square / trials);
  return [middle - half, middle + half];
}

/** P(χ² of so many degrees > square), by Wilson and Hilferty. */
function upperTail(square: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  const z = (Math.cbrt(square / degrees) - (1 - spread)) / Math.sqrt(spread);
  return erfc(z / Math.SQRT2) / 2;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
