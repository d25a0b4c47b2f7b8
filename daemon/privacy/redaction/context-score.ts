const BOOST = 0.35;
const LEAST = 0.4;

/** What a word of its context makes of the score of a candidate. */
export function raiseScore(score: number): number {
  return Math.min(1, Math.max(LEAST, score + BOOST));
}
