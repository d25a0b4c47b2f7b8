import { gaussianSigma } from '../accounting/gaussian-curve.ts';
import type { GaussianNoise, IntegerNoise, LaplacianNoise } from './integer-noise.ts';

/** How vectors of length 1 are put on whole numbers, and the noise for two that lie 2 apart. */
export interface Lattice<Noise = IntegerNoise> {
  /** Steps in a length of 1. */
  readonly radius: number;
  readonly noise: Noise;
}

/** Steps in a deviation of the noise: few enough to draw with plain numbers, enough for the lattice not to be felt. */
const STEPS_PER_SIGMA = 4000;
const MIN_RADIUS = 64;
const MAX_RADIUS = 2 ** 20;

/**
 * Added to the variance, in steps², for the noise is on a lattice. Why 9 is enough, in any dimension: Gaussian noise
 * of variance τ², rounded at random by a discrete Gaussian of variance 9 about it, is within a factor of
 * 1 ± 5·exp(-2π²·9) a coordinate (1e-76) the discrete Gaussian of variance τ² + 9; and rounding what is private
 * keeps it private. So whatever the analytic curve promises of τ holds of the discrete noise.
 */
export const LATTICE_VARIANCE = 9;

/** Covers the rounding of the calibration in doubles. */
const ROUNDED_UP = 1 + 1e-9;

export interface GaussianDemand {
  readonly epsilon: number;
  readonly delta: number;
  /** A lattice so many times finer: for sums of many vectors, each of which is cut to the lattice. */
  readonly fineness?: number;
}

/** Discrete Gaussian noise of the least variance that is (epsilon, delta)-private for vectors of length 1. */
export function calibrateGaussian({
  epsilon,
  delta,
  fineness = 1,
}: GaussianDemand): Lattice<GaussianNoise> {
  const sigma = 2 * gaussianSigma(epsilon, delta);
  const radius = toRadius((STEPS_PER_SIGMA * fineness) / sigma);
  const squaredSigma = Math.ceil((radius * sigma) ** 2 * ROUNDED_UP + LATTICE_VARIANCE);
  return { radius, noise: { mechanism: 'gaussian', squaredSigma } };
}

export interface LaplacianDemand {
  readonly epsilon: number;
  readonly dimensions: number;
}

/** Discrete Laplacian noise that is epsilon-private: of vectors 2 apart in L2, the L1 distance is up to 2√d. */
export function calibrateLaplacian({
  epsilon,
  dimensions,
}: LaplacianDemand): Lattice<LaplacianNoise> {
  const scale = (2 * Math.sqrt(dimensions)) / epsilon;
  const radius = toRadius(STEPS_PER_SIGMA / scale);
  const numerator = Math.ceil(radius * scale * ROUNDED_UP);
  return { radius, noise: { mechanism: 'laplacian', scale: { numerator, denominator: 1 } } };
}

function toRadius(steps: number): number {
  return Math.min(MAX_RADIUS, Math.max(MIN_RADIUS, Math.floor(steps)));
}
