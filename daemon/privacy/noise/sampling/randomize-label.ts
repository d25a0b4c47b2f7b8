import { flipExp, type Fraction } from './flip-exp.ts';
import type { RandomNumbers } from './random-numbers.ts';

/** Which label is told, the true one or another of as many. */
export interface LabelChoice {
  readonly index: number;
  readonly labels: number;
  readonly epsilon: Fraction;
}

/**
 * Randomised response among k labels, exactly: one is drawn with equal odds, and a wrong one stands with
 * probability exp(-ε), else all is drawn anew. The true one comes out e^ε times as often as each other.
 */
export function randomizeLabel(
  random: RandomNumbers,
  { index, labels, epsilon }: LabelChoice,
): number {
  for (;;) {
    const drawn = random.below(labels);
    if (drawn === index || flipExp(random, epsilon)) return drawn;
  }
}
