import { flipExp, flipExpOne, type Fraction } from './flip-exp.ts';
import type { RandomNumbers } from './random-numbers.ts';
import { wholeQuotient } from './whole-numbers.ts';

/** A whole number y, with probability proportional to exp(-|y|/scale) (CKS 2020, algorithm 2). */
export function drawDiscreteLaplace(random: RandomNumbers, scale: Fraction): number {
  for (;;) {
    const size = wholeQuotient(drawGeometric(random, scale.numerator), scale.denominator);
    const isNegative = random.below(2) === 1;
    // Zero has one sign: with two it would come up twice as often.
    if (!isNegative) return size;
    if (size > 0) return -size;
  }
}

/** A whole number x from 0, with probability proportional to exp(-x/scale), for a whole scale. */
export function drawGeometric(random: RandomNumbers, scale: number): number {
  for (;;) {
    const low = random.below(scale);
    if (!flipExp(random, { numerator: low, denominator: scale })) continue;
    let high = 0;
    while (flipExpOne(random)) high += 1;
    return low + scale * high;
  }
}
