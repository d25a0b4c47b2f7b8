/** Beyond so many deviations a term is 0 in doubles. */
const REACH = 39;

/** The discrete Gaussian on the whole numbers: P(y) proportional to exp(-y²/2σ²). */
export interface DiscreteGaussian {
  /** Σ exp(-y²/2σ²). */
  readonly norm: number;
  readonly variance: number;
  readonly probability: (y: number) => number;
}

export function describeDiscreteGaussian(squaredSigma: number): DiscreteGaussian {
  const weigh = (y: number): number => Math.exp((-y * y) / (2 * squaredSigma));
  let norm = 0;
  let moment = 0;
  // From the smallest terms to the largest, so that none is lost.
  for (let y = reachOf(squaredSigma); y >= 1; y -= 1) {
    norm += 2 * weigh(y);
    moment += 2 * y * y * weigh(y);
  }
  norm += 1;
  return { norm, variance: moment / norm, probability: (y) => weigh(y) / norm };
}

/** The exact delta at `epsilon` of discrete Gaussian noise on a whole number that changes by `sensitivity`. */
export function discreteGaussianDelta(
  epsilon: number,
  { squaredSigma, sensitivity }: { readonly squaredSigma: number; readonly sensitivity: number },
): number {
  const { norm } = describeDiscreteGaussian(squaredSigma);
  const threshold = (epsilon * squaredSigma) / sensitivity - sensitivity / 2;
  const first = Math.floor(threshold) + 1;
  let sum = 0;
  for (let y = Math.max(first, reachOf(squaredSigma)); y >= first; y -= 1) {
    const gain = epsilon - (sensitivity * (2 * y + sensitivity)) / (2 * squaredSigma);
    sum -= Math.exp((-y * y) / (2 * squaredSigma)) * Math.expm1(gain);
  }
  return sum / norm;
}

function reachOf(squaredSigma: number): number {
  return Math.ceil(REACH * Math.sqrt(squaredSigma)) + 1;
}
