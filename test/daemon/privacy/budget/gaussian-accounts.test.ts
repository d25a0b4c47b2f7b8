import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  costOfEpsilon,
  toGaussianYoctoRho,
} from '../../../../daemon/privacy/budget/micro-units.ts';
import { gaussianDelta } from '../../../../daemon/privacy/noise/accounting/gaussian-curve.ts';
import { gaussianRhoOfPure } from '../../../../daemon/privacy/noise/accounting/gaussian-dp.ts';
import { calibrateGaussian } from '../../../../daemon/privacy/noise/mechanisms/lattice.ts';
import { priceGaussian } from '../../../../daemon/privacy/releases/price.ts';
import { APP, BudgetHome, TEN } from '../../../support/budget-home.ts';
import reference from '../../../fixtures/dp/reference.json' with { type: 'json' };

const exhausted = { reason: 'QuotaExceeded', details: { rule: 'privacy_budget' } };

function releaseOf(epsilon: number, delta = 1e-5) {
  const { unit } = priceGaussian(calibrateGaussian({ epsilon, delta }), { epsilon, delta });
  return { budget: 'b', unit, records: 1 };
}

describe('a budget of one Gaussian release', () => {
  test('at exactly its epsilon and delta takes that one, and nothing more, whatever they are', async () => {
    const exponent = fc.double({ min: -5, max: 2.9, noNaN: true });
    const deltaExponent = fc.double({ min: -12, max: -1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(exponent, deltaExponent, async (power, deltaPower) => {
        const [maxEpsilon, delta] = [10 ** power, 10 ** deltaPower];
        const budgets = new BudgetHome().open();
        await budgets.create(APP, 'b', { maxEpsilon, delta, onExhausted: 'block' });
        const release = releaseOf(maxEpsilon, delta);
        const state = await budgets.charge(APP, release);
        expect(state.charges).toBe(1);
        if (maxEpsilon > 0.01) expect(state.spent.epsilon / maxEpsilon).toBeCloseTo(1, 3);
        expect(state.spent.epsilon).toBeLessThanOrEqual(maxEpsilon);
        await expect(budgets.charge(APP, release)).rejects.toMatchObject(exhausted);
        if (maxEpsilon > 10) return;
        expect(state.isExhausted).toBe(true);
        const least = { ...release, unit: costOfEpsilon(1e-6) };
        await expect(budgets.charge(APP, least)).rejects.toMatchObject(exhausted);
      }),
      { numRuns: 60 },
    );
  });

  test.each(reference.analytic_gaussian_sigma)('of ($eps, $delta) is the reference’s', (row) => {
    const [epsilon, delta, sigma] = [Number(row.eps), Number(row.delta), Number(row.sigma)];
    const { yoctoRho } = releaseOf(epsilon, delta).unit;
    const rho = Number(yoctoRho) / 1e24;
    expect(rho * 2 * sigma ** 2).toBeLessThanOrEqual(1);
    expect(rho * 2 * sigma ** 2).toBeGreaterThan(1 - 1e-6);
    expect(gaussianDelta(epsilon, 1 / Math.sqrt(2 * rho))).toBeLessThanOrEqual(delta);
  });
});

describe('an account that begins with Gaussian noise', () => {
  test('adds up as one Gaussian: a hundred of (1, 1e-5) are 14.429', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', { ...TEN, maxEpsilon: 14.5 });
    const state = await budgets.charge(APP, { ...releaseOf(1), records: 100 });
    expect(state.spent.epsilon).toBeCloseTo(14.429, 3);
    // Zero concentration alone would have refused it: 15.425.
    expect(state.isExhausted).toBe(false);
  });

  test('takes ten of epsilon 1 within 10', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    for (let charge = 0; charge < 10; charge += 1) await budgets.charge(APP, releaseOf(1));
    const { spent, charges } = await budgets.get(APP, 'b');
    expect(charges).toBe(10);
    expect(spent.epsilon).toBeCloseTo(3.6186, 4);
  });

  test('counts a pure charge as the Gaussian that tells at least as much', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', { ...TEN, maxEpsilon: 1 });
    await budgets.charge(APP, { ...releaseOf(0.5) });
    const pure = { budget: 'b', unit: costOfEpsilon(0.1), records: 1 };
    const { spent } = await budgets.charge(APP, pure);
    expect(spent.epsilon).toBeGreaterThan(0.5);
    await expect(budgets.charge(APP, { ...pure, unit: costOfEpsilon(1) })).rejects.toMatchObject(
      exhausted,
    );
  });

  test('is told by its first charge that was taken, for ever, also after restarts', async () => {
    const home = new BudgetHome();
    const budgets = home.open();
    await budgets.create(APP, 'b', { ...TEN, maxEpsilon: 1 });
    const pure = { budget: 'b', unit: costOfEpsilon(0.01), records: 1 };
    await expect(budgets.charge(APP, { ...releaseOf(2), subject: 'p' })).rejects.toThrow();
    await budgets.charge(APP, { ...pure, subject: 'p' });
    await budgets.charge(APP, { ...releaseOf(0.9), subject: 'g' });
    for (const opened of [budgets, home.open()]) {
      // In the pure one, the same release is counted by zero concentration, which does not take it.
      await expect(opened.charge(APP, { ...releaseOf(0.99), subject: 'p' })).rejects.toMatchObject(
        exhausted,
      );
      await opened.charge(APP, { ...pure, subject: 'g' });
    }
    expect((await home.open().get(APP, 'b', 'g')).spent.epsilon).toBeLessThanOrEqual(1);
  });

  test('begins anew with its next first charge once the user said so', async () => {
    const home = new BudgetHome();
    const budgets = home.open();
    await budgets.create(APP, 'b', TEN);
    await budgets.charge(APP, releaseOf(1));
    await budgets.reset(APP, 'b');
    const pure = { budget: 'b', unit: costOfEpsilon(1), records: 1 };
    for (let charge = 0; charge < 10; charge += 1) await budgets.charge(APP, pure);
    await expect(budgets.charge(APP, pure)).rejects.toMatchObject(exhausted);
    expect((await home.open().get(APP, 'b')).spent.epsilon).toBe(10);
  });
});

test('no pure guarantee tells more than the Gaussian it is counted as', () => {
  fc.assert(
    fc.property(fc.double({ min: -6, max: 3, noNaN: true }), (power) => {
      const epsilon = 10 ** power;
      const sigma = 1 / Math.sqrt(2 * gaussianRhoOfPure(epsilon));
      // Of two answers the pure one tells apart with delta(e) = (e^ε - e^e) / (e^ε + 1); the Gaussian's curve lies above.
      for (const share of [0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]) {
        const at = share * epsilon;
        const pure = -Math.expm1(at - epsilon) / (1 + Math.exp(-epsilon));
        expect(gaussianDelta(at, sigma)).toBeGreaterThanOrEqual(pure * (1 - 1e-9));
      }
    }),
  );
  expect(Number(toGaussianYoctoRho(costOfEpsilon(1))) / 1e24).toBeCloseTo(0.75895559545, 7);
});
