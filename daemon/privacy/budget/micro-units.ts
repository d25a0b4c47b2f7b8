import { gaussianRhoOfPure } from '../noise/accounting/gaussian-dp.ts';
import type { GaussianCost, PureCost } from './budgets.ts';

type Rounding = 'up' | 'down';

const MICRO_DIGITS = 6;
const YOCTO_DIGITS = 24;
/** How many of the finer units are a millionth. */
const YOCTO_PER_MICRO = 10n ** BigInt(YOCTO_DIGITS - MICRO_DIGITS);

/**
 * Millionths of the decimal number that `value` prints as, so that 0.7 is 700000 and not one more; what is finer is
 * rounded as told. `value` is positive and finite.
 */
export function toMicroUnits(value: number, rounding: Rounding): bigint {
  return toUnits(value, MICRO_DIGITS, rounding);
}

/** The same in units so fine (1e-24) that the least Gaussian release is many of them. */
export function toYoctoUnits(value: number, rounding: Rounding): bigint {
  return toUnits(value, YOCTO_DIGITS, rounding);
}

export function fromMicroUnits(micro: bigint): number {
  return Number(micro) / 10 ** MICRO_DIGITS;
}

export function fromYoctoUnits(yocto: bigint): number {
  return Number(yocto) / 10 ** YOCTO_DIGITS;
}

/** Whole millionths, rounded down. */
export function yoctoToMicro(yocto: bigint): bigint {
  return yocto / YOCTO_PER_MICRO;
}

/** Of a pure guarantee: rho is epsilon²/2 (Bun and Steinke 2016, proposition 1.4). */
export function costOfMicroEpsilon(microEpsilon: bigint): PureCost {
  const microRho = divideUp(microEpsilon ** 2n, 2n * 10n ** BigInt(MICRO_DIGITS));
  return { microRho: Number(microRho), microEpsilon: Number(microEpsilon) };
}

/** Of a guarantee that somebody else keeps: never less than they say. */
export function costOfEpsilon(epsilon: number): PureCost {
  return costOfMicroEpsilon(toMicroUnits(epsilon, 'up'));
}

/** Of Gaussian noise. */
export function costOfRho(rho: number): GaussianCost {
  return { microRho: Number(toMicroUnits(rho, 'up')), yoctoRho: toYoctoUnits(rho, 'up') };
}

/** Of Gaussian noise whose rho is a fraction of whole numbers. */
export function costOfRhoFraction(numerator: bigint, denominator: bigint): GaussianCost {
  const roundUp = (digits: number) => divideUp(numerator * 10n ** BigInt(digits), denominator);
  return { microRho: Number(roundUp(MICRO_DIGITS)), yoctoRho: roundUp(YOCTO_DIGITS) };
}

/** What a pure cost adds to Gaussian ones. */
export function toGaussianYoctoRho({ microEpsilon }: PureCost): bigint {
  return toYoctoUnits(gaussianRhoOfPure(fromMicroUnits(BigInt(microEpsilon))), 'up');
}

function toUnits(value: number, unitDigits: number, rounding: Rounding): bigint {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (match === null) throw new RangeError('not a positive finite number');
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  const power = Number(exponent) - fraction.length + unitDigits;
  if (power >= 0) return digits * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return rounding === 'down' ? digits / divisor : divideUp(digits, divisor);
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
