import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  costOfEpsilon,
  costOfRho,
  toMicroUnits,
} from '../../../../daemon/privacy/budget/micro-units.ts';

describe('millionths', () => {
  test.each<[number, bigint, bigint]>([
    [1, 1_000_000n, 1_000_000n],
    [0.1, 100_000n, 100_000n],
    [0.7, 700_000n, 700_000n],
    [1.1, 1_100_000n, 1_100_000n],
    [0.0000015, 1n, 2n],
    [1e-9, 0n, 1n],
    [5e-324, 0n, 1n],
    [1e21, 10n ** 27n, 10n ** 27n],
    [123_456.7891234, 123_456_789_123n, 123_456_789_124n],
  ])('of %d are what the number says', (value, down, up) => {
    expect(toMicroUnits(value, 'down')).toBe(down);
    expect(toMicroUnits(value, 'up')).toBe(up);
  });

  test.each([Number.NaN, Infinity, -Infinity, -1])('of %d there are none', (value) => {
    expect(() => toMicroUnits(value, 'up')).toThrow(RangeError);
  });

  test('rounded up are never less than the number, and by less than one', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e6, noNaN: true }), (value) => {
        const up = toMicroUnits(value, 'up');
        const down = toMicroUnits(value, 'down');
        expect(up - down <= 1n).toBe(true);
        expect(Number(up)).toBeGreaterThanOrEqual(value * 1e6 * (1 - 1e-15));
      }),
    );
  });
});

describe('a cost', () => {
  test.each<[number, number, number]>([
    [1, 1_000_000, 500_000],
    [0.1, 100_000, 5000],
    [0.001, 1000, 1],
    [1e-6, 1, 1],
    [1000, 1_000_000_000, 500_000_000_000],
  ])('of epsilon %d is pure, and rho is half its square, rounded up', (epsilon, micro, rho) => {
    expect(costOfEpsilon(epsilon)).toEqual({ microEpsilon: micro, microRho: rho });
  });

  test('of rho is not pure', () => {
    expect(costOfRho(0.0359201)).toEqual({ microRho: 35_921, yoctoRho: 359_201n * 10n ** 17n });
  });
});
