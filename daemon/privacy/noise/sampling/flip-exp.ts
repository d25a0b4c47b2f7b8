import type { RandomNumbers } from './random-numbers.ts';
import { wholeQuotient } from './whole-numbers.ts';

/** A positive number as two whole ones, each below 2^53. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

/**
 * True with probability exp(-γ), 0 ≤ γ ≤ 1, where `isBelow` is true with probability γ each time it is asked
 * (Canonne, Kamath, Steinke 2020, algorithm 1; 1/K and γ are asked apart).
 */
export function flipExpOf(random: RandomNumbers, isBelow: () => boolean): boolean {
  let round = 1;
  while (random.below(round) === 0 && isBelow()) round += 1;
  return (round & 1) === 1;
}

/** True with probability exp(-1). */
export function flipExpOne(random: RandomNumbers): boolean {
  let round = 2;
  while (random.below(round) === 0) round += 1;
  return (round & 1) === 1;
}

/** True with probability exp(-numerator/denominator), for any fraction from 0. */
export function flipExp(random: RandomNumbers, { numerator, denominator }: Fraction): boolean {
  for (let whole = wholeQuotient(numerator, denominator); whole > 0; whole -= 1) {
    if (!flipExpOne(random)) return false;
  }
  const rest = numerator % denominator;
  return flipExpOf(random, () => random.below(denominator) < rest);
}
