import type { PrivacyCost } from '@locara/protocol';
import type { UnitCost } from '../budget/budgets.ts';
import type { GaussianNoise } from '../noise/mechanisms/integer-noise.ts';
import type { Lattice } from '../noise/mechanisms/lattice.ts';
import type { Fraction } from '../noise/sampling/flip-exp.ts';

const MICRO = 1_000_000;

/** What one record costs, and what its owner is promised for it. */
export interface Price {
  readonly unit: UnitCost;
  /** 0 where the guarantee is pure. */
  readonly delta: number;
  readonly epsilon: number;
}

/**
 * Millionths of epsilon, rounded down, but for the error of a decimal in binary: noise is drawn for exactly so many,
 * and they are what is charged. At least one.
 */
export function toMicroEpsilon(epsilon: number): number {
  return Math.max(1, Math.floor(epsilon * MICRO * (1 + 1e-12)));
}

export function pricePure(microEpsilon: number): Price {
  const microRho = divideUp(BigInt(microEpsilon) ** 2n, 2n * BigInt(MICRO));
  return { unit: { microRho, microEpsilon }, epsilon: microEpsilon / MICRO, delta: 0 };
}

/** By the noise that is really drawn: rho = (2R)² / 2σ², in steps of the lattice. */
export function priceGaussian(
  lattice: Lattice<GaussianNoise>,
  { epsilon, delta }: { readonly epsilon: number; readonly delta: number },
): Price {
  const twice = 2n * BigInt(lattice.radius) ** 2n;
  const microRho = divideUp(twice * BigInt(MICRO), BigInt(lattice.noise.squaredSigma));
  return { unit: { microRho }, epsilon, delta };
}

/** As it is told to the caller: what is charged, in units instead of millionths. */
export function toCost({ unit, epsilon, delta }: Price, records: number): PrivacyCost {
  return { rho: unit.microRho / MICRO, epsilon, delta, records };
}

/** A scale of discrete Laplacian noise for what one record changes by `sensitivity` whole steps. */
export function laplacianScale(sensitivity: number, microEpsilon: number): Fraction {
  const shared = greatestDivisor(sensitivity * MICRO, microEpsilon);
  return { numerator: (sensitivity * MICRO) / shared, denominator: microEpsilon / shared };
}

/** Epsilon as the fraction that it is charged as. */
export function epsilonFraction(microEpsilon: number): Fraction {
  const shared = greatestDivisor(MICRO, microEpsilon);
  return { numerator: microEpsilon / shared, denominator: MICRO / shared };
}

function greatestDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestDivisor(other, one % other);
}

function divideUp(dividend: bigint, divisor: bigint): number {
  return Number((dividend + divisor - 1n) / divisor);
}
