import { createGaussianSampler } from '../sampling/discrete-gaussian.ts';
import { drawDiscreteLaplace } from '../sampling/discrete-laplace.ts';
import type { Fraction } from '../sampling/flip-exp.ts';
import type { RandomNumbers } from '../sampling/random-numbers.ts';

/** Noise on whole numbers. Its parameters are whole as well: what was promised of them is exactly what is drawn. */
export type IntegerNoise = GaussianNoise | LaplacianNoise;

export interface GaussianNoise {
  readonly mechanism: 'gaussian';
  readonly squaredSigma: number;
}

export interface LaplacianNoise {
  readonly mechanism: 'laplacian';
  /** b: P(y) is proportional to exp(-|y|/b). */
  readonly scale: Fraction;
}

export function createNoiseSampler(random: RandomNumbers, noise: IntegerNoise): () => number {
  return noise.mechanism === 'gaussian'
    ? createGaussianSampler(random, noise.squaredSigma)
    : () => drawDiscreteLaplace(random, noise.scale);
}

/** Standard deviation, in steps; of the Laplacian that of the continuous one, which the discrete one stays below. */
export function sigmaOfNoise(noise: IntegerNoise): number {
  return noise.mechanism === 'gaussian'
    ? Math.sqrt(noise.squaredSigma)
    : (Math.SQRT2 * noise.scale.numerator) / noise.scale.denominator;
}
