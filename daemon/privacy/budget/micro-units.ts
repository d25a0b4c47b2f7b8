import type { UnitCost } from './budgets.ts';

const MICRO_DIGITS = 6;

/**
 * Millionths of the decimal number that `value` prints as, so that 0.7 is 700000 and not one more; what is finer is
 * rounded as told. `value` is positive and finite.
 */
export function toMicroUnits(value: number, rounding: 'up' | 'down'): bigint {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (match === null) throw new RangeError('not a positive finite number');
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  const power = Number(exponent) - fraction.length + MICRO_DIGITS;
  if (power >= 0) return digits * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return rounding === 'down' ? digits / divisor : divideUp(digits, divisor);
}

export function fromMicroUnits(micro: bigint): number {
  return Number(micro) / 10 ** MICRO_DIGITS;
}

/** Of a pure guarantee: rho is epsilon²/2 (Bun and Steinke 2016, proposition 1.4). */
export function costOfEpsilon(epsilon: number): UnitCost {
  const microEpsilon = toMicroUnits(epsilon, 'up');
  const microRho = divideUp(microEpsilon ** 2n, 2n * 10n ** BigInt(MICRO_DIGITS));
  return { microRho: Number(microRho), microEpsilon: Number(microEpsilon) };
}

/** Of a concentrated guarantee. */
export function costOfRho(rho: number): UnitCost {
  return { microRho: Number(toMicroUnits(rho, 'up')) };
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
