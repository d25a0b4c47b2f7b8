import type { PrivacyCost } from '@locara/protocol';
import type { UnitCost } from '../budget/budgets.ts';
import { costOfMicroEpsilon, costOfRhoFraction, toMicroUnits } from '../budget/micro-units.ts';
import type { GaussianNoise } from '../noise/mechanisms/integer-noise.ts';
import { type Lattice, LATTICE_VARIANCE } from '../noise/mechanisms/lattice.ts';
import type { Fraction } from '../noise/sampling/flip-exp.ts';

const MICRO = 1_000_000;

/** What one record costs, and what its owner is promised for it. */
export interface Price {
  readonly unit: UnitCost;
  /** 0 where the guarantee is pure. */
  readonly delta: number;
  readonly epsilon: number;
}

/** Millionths, rounded down: noise is drawn for exactly so many, and they are what is charged. From 1e-6 at least one. */
export function toMicroEpsilon(epsilon: number): number {
  return Number(toMicroUnits(epsilon, 'down'));
}

export function pricePure(microEpsilon: number): Price {
  const unit = costOfMicroEpsilon(BigInt(microEpsilon));
  return { unit, epsilon: microEpsilon / MICRO, delta: 0 };
}

/** By the noise that is really drawn: rho = (2R)² / 2τ², in steps of the lattice, of the Gaussian noise within it. */
export function priceGaussian(
  { radius, noise }: Lattice<GaussianNoise>,
  { epsilon, delta }: { readonly epsilon: number; readonly delta: number },
): Price {
  const twice = 2n * BigInt(radius) ** 2n;
  const unit = costOfRhoFraction(twice, BigInt(noise.squaredSigma - LATTICE_VARIANCE));
  return { unit, epsilon, delta };
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
