import { bisect, bracket } from './bisect.ts';
import { erfc, erfcx } from './erfcx.ts';

/** Below this distance, erfcx is taken by its slope: the difference of two near values would have few digits. */
const NEAR = 1e-5;

/** Covers the rounding of the curve itself: a sigma that came out a hair too small would break its promise. */
const ROUNDED_UP = 1 + 1e-12;

/**
 * The exact delta at `epsilon` of Gaussian noise of deviation `sigma` on something of L2 sensitivity 1
 * (Balle and Wang 2018): Φ(1/2σ - εσ) - e^ε Φ(-1/2σ - εσ), in a form that loses no digits for small deltas.
 */
export function gaussianDelta(epsilon: number, sigma: number): number {
  const u = epsilon * sigma;
  const v = 1 / (2 * sigma);
  const a = (u - v) / Math.SQRT2;
  const b = (u + v) / Math.SQRT2;
  if (a < 0) return Math.max(0, (erfc(a) - Math.exp(-a * a) * erfcx(b)) / 2);
  const fall = b - a < NEAR ? slopeOfErfcx((a + b) / 2) * (a - b) : erfcx(a) - erfcx(b);
  return (Math.exp(-a * a) / 2) * fall;
}

/** The least sigma, for L2 sensitivity 1, with which the Gaussian mechanism is (epsilon, delta)-private; rounded up. */
export function gaussianSigma(epsilon: number, delta: number): number {
  const isEnough = (sigma: number): boolean => gaussianDelta(epsilon, sigma) <= delta;
  return bisect(bracket(1, isEnough), isEnough) * ROUNDED_UP;
}

/** The least epsilon at `delta` of Gaussian noise of deviation `sigma`, for L2 sensitivity 1. */
export function gaussianEpsilon(sigma: number, delta: number): number {
  const isEnough = (epsilon: number): boolean => gaussianDelta(epsilon, sigma) <= delta;
  return isEnough(0) ? 0 : bisect(bracket(1, isEnough), isEnough);
}

function slopeOfErfcx(x: number): number {
  return 2 * x * erfcx(x) - 2 / Math.sqrt(Math.PI);
}
