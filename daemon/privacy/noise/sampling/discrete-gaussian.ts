import { drawGeometric } from './discrete-laplace.ts';
import { flipExpOf, flipExpOne } from './flip-exp.ts';
import type { RandomNumbers } from './random-numbers.ts';
import { wholeQuotient, wholeRoot } from './whole-numbers.ts';

/** Draws whole numbers y with probability proportional to exp(-y²/2σ²). */
export type GaussianSampler = () => number;

/** The greatest σ²: 128 deviations, times t, still are whole numbers below 2^53. */
export const MAX_SQUARED_SIGMA = 2 ** 46;

const LARGEST_EXACT = 2 ** 53;
const LARGEST_SQUARABLE = 94_906_265;

/**
 * Canonne, Kamath, Steinke 2020, algorithm 3: a discrete Laplacian of scale t = ⌊σ⌋ + 1, accepted with probability
 * exp(-(|y|t - σ²)² / 2σ²t²). In numbers while that fraction fits them, 2σ⁴ < 2^53; else its terms are BigInts.
 * `squaredSigma` is a whole number from 1.
 */
export function createGaussianSampler(
  random: RandomNumbers,
  squaredSigma: number,
): GaussianSampler {
  if (!(Number.isInteger(squaredSigma) && squaredSigma >= 1 && squaredSigma <= MAX_SQUARED_SIGMA)) {
    throw new RangeError('the square of sigma is no whole number that can be drawn with');
  }
  const scale = wholeRoot(squaredSigma) + 1;
  const accepts = createAcceptance(random, squaredSigma, scale);
  return () => {
    for (;;) {
      const size = drawGeometric(random, scale);
      const distance = size * scale - squaredSigma;
      if (!accepts(distance < 0 ? -distance : distance)) continue;
      // Zero has one sign: with two it would come up twice as often.
      if (random.below(2) === 0) return size;
      if (size > 0) return -size;
    }
  };
}

/** True with probability exp(-distance² / 2σ²t²). */
function createAcceptance(
  random: RandomNumbers,
  squaredSigma: number,
  scale: number,
): (distance: number) => boolean {
  const low = 2 * scale * scale;
  const whole = squaredSigma * low;
  const isNarrow = whole < LARGEST_EXACT;
  const wideLow = BigInt(low);
  const wideWhole = BigInt(squaredSigma) * wideLow;

  /** A number drawn below `whole`, in two parts, against another in two parts; the low ones matter once in σ². */
  const flipParts = (rounds: number, restHigh: number, restLow: number): boolean => {
    for (let left = rounds; left > 0; left -= 1) if (!flipExpOne(random)) return false;
    return flipExpOf(random, () => {
      const drawn = random.below(squaredSigma);
      return drawn < restHigh || (drawn === restHigh && random.below(low) < restLow);
    });
  };
  const flipWide = (distance: number): boolean => {
    const square = BigInt(distance) ** 2n;
    const rest = square % wideWhole;
    return flipParts(
      Number((square - rest) / wideWhole),
      Number(rest / wideLow),
      Number(rest % wideLow),
    );
  };
  return (distance) => {
    if (!isNarrow || distance > LARGEST_SQUARABLE) return flipWide(distance);
    const square = distance * distance;
    const rest = square % whole;
    return flipParts(wholeQuotient(square, whole), wholeQuotient(rest, low), rest % low);
  };
}
