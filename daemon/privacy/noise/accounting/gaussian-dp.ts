import { bisect, bracket } from './bisect.ts';
import { erfcx } from './erfcx.ts';
import { gaussianEpsilon, gaussianSigma } from './gaussian-curve.ts';

/**
 * Gaussian differential privacy (Dong, Roth, Su 2022), told as rho = μ²/2, as zCDP tells a Gaussian. Sums of it are
 * exact for Gaussian noise, also where each was chosen after the answers before (Smith and Thakurta 2022).
 */

/** Far more than the error of the doubles below, far less than what a calibration rounds its noise up by. */
const ROUNDED_DOWN = 1 - 1e-10;
const ROUNDED_UP = 1 + 1e-8;

/** The most rho with which Gaussian noise keeps within (epsilon, delta), rounded down. */
export function gaussianRho(epsilon: number, delta: number): number {
  return (1 / (2 * gaussianSigma(epsilon, delta) ** 2)) * ROUNDED_DOWN;
}

/** The epsilon at `delta` of Gaussian noise of `rho`, exactly. */
export function epsilonOfGaussianRho(rho: number, delta: number): number {
  return rho === 0 ? 0 : gaussianEpsilon(1 / Math.sqrt(2 * rho), delta);
}

/**
 * The least rho that speaks for a guarantee without delta, rounded up: μ = -2 Φ⁻¹(1/(1+e^ε)), at which both curves of
 * errors meet in the middle. `epsilon` is at least 1e-6.
 */
export function gaussianRhoOfPure(epsilon: number): number {
  // With μ = 2√2 x, what is sought is erfc(x)/2 = 1/(1+e^ε); in logarithms, which do not vanish.
  const logOdds = epsilon + Math.log1p(Math.exp(-epsilon)) - Math.LN2;
  const isEnough = (x: number): boolean => Math.log(erfcx(x)) - x * x + logOdds <= 0;
  const x = bisect(bracket(1, isEnough), isEnough);
  return 4 * x * x * ROUNDED_UP;
}
