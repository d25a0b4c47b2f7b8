import { describe, expect, test } from 'vitest';
import {
  gaussianDelta,
  gaussianSigma,
} from '../../../../daemon/privacy/noise/accounting/gaussian-curve.ts';
import { zcdpEpsilon } from '../../../../daemon/privacy/noise/accounting/zcdp.ts';
import { maxMicroRho, maxYoctoRho, toLimit } from '../../../../daemon/privacy/budget/limit.ts';

/** rho, delta and the tight epsilon, each from two methods at 25 digits. */
const TIGHT: readonly (readonly [number, number, number])[] = [
  [0.005, 1e-5, 0.375261235699],
  [0.005, 1e-6, 0.4299414688369],
  [0.05, 1e-5, 1.308118342906],
  [0.05, 1e-6, 1.471594750532],
  [0.1, 1e-5, 1.914238832004],
  [0.1, 1e-6, 2.141938928385],
  [0.5, 1e-5, 4.728386984943],
  [0.5, 1e-6, 5.22153444453],
  [1, 1e-5, 7.077196695806],
  [1, 1e-6, 7.766216625312],
  [2, 1e-5, 10.72482411294],
  [2, 1e-6, 11.68859624935],
];

/** epsilon, delta and the most rho that keeps within them. */
const MOST: readonly (readonly [number, number, number])[] = [
  [0.5, 1e-5, 0.00850553059118],
  [1, 1e-5, 0.0305565951976],
  [2, 1e-5, 0.108256363823],
  [4, 1e-5, 0.373143982769],
  [8, 1e-5, 1.22971452576],
  [10, 1e-5, 1.78269561633],
];

describe('the epsilon of rho', () => {
  test.each(TIGHT)('of %d at %d is %d', (rho, delta, epsilon) => {
    expect(Math.abs(zcdpEpsilon(rho, delta) - epsilon)).toBeLessThan(1e-9 * Math.max(1, epsilon));
  });

  test.each([1e-300, 1e-5, 0.5, 1 - 1e-12])('is finite and rises with rho at delta %d', (delta) => {
    const losses = [0, 1e-6, 1e-3, 1, 1e3, 1e6, 1e12].map((rho) => zcdpEpsilon(rho, delta));
    expect(losses.every((loss) => Number.isFinite(loss) && loss >= 0)).toBe(true);
    expect(losses).toEqual(losses.toSorted((a, b) => a - b));
  });
});

describe('the most rho', () => {
  test.each(MOST)('for epsilon %d at %d is %d, rounded down', (epsilon, delta, rho) => {
    expect(maxMicroRho(epsilon, delta)).toBe(BigInt(Math.floor(rho * 1e6)));
  });

  test.each([1e-6, 0.01, 1, 10, 1000])('never gives more than epsilon %d', (epsilon) => {
    for (const delta of [1e-12, 1e-5, 0.1]) {
      const most = maxMicroRho(epsilon, delta);
      expect(zcdpEpsilon(Number(most) / 1e6, delta)).toBeLessThanOrEqual(epsilon);
      expect(zcdpEpsilon((Number(most) + 1) / 1e6, delta)).toBeGreaterThan(epsilon);
    }
  });
});

describe('the most rho of Gaussian noise', () => {
  test.each([1e-6, 1e-3, 0.1, 1, 10, 100, 1000])('at epsilon %d keeps the curve', (maxEpsilon) => {
    for (const delta of [1e-12, 1e-5, 0.1]) {
      const most = Number(maxYoctoRho({ maxEpsilon, delta, onExhausted: 'block' })) / 1e24;
      const sigma = 1 / Math.sqrt(2 * most);
      expect(gaussianDelta(maxEpsilon, sigma)).toBeLessThanOrEqual(delta);
      expect(sigma / gaussianSigma(maxEpsilon, delta)).toBeLessThan(1 + 1e-10);
    }
  });
});

test.each([5e-324, 1e-300, 9.9e-7])('an epsilon of %d allows nothing, at once', (maxEpsilon) => {
  for (const delta of [5e-324, 1e-5, 1 - Number.EPSILON / 2]) {
    const limit = toLimit({ maxEpsilon, delta, onExhausted: 'block' });
    expect(limit).toMatchObject({ microEpsilon: 0n, microRho: 0n, yoctoRho: 0n });
  }
});

test.each([1e-6, 1, 1000])('an epsilon of %d has a limit at every delta there is', (maxEpsilon) => {
  for (const delta of [5e-324, 1e-300, 0.5, 1 - Number.EPSILON / 2]) {
    const { microRho, yoctoRho } = toLimit({ maxEpsilon, delta, onExhausted: 'block' });
    expect(microRho * 10n ** 18n).toBeLessThanOrEqual(yoctoRho);
  }
});
