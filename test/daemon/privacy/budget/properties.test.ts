import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Budgets, UnitCost } from '../../../../daemon/privacy/budget/budgets.ts';
import { maxMicroRho } from '../../../../daemon/privacy/budget/zcdp.ts';
import { APP, BudgetHome, TEN } from '../../../support/budget-home.ts';

const MOST_RHO = maxMicroRho(TEN.maxEpsilon, TEN.delta);
const MOST_EPSILON = 10_000_000n;

const unit: fc.Arbitrary<UnitCost> = fc.oneof(
  fc.record({ microRho: fc.integer({ min: 1, max: 900_000 }) }),
  fc
    .integer({ min: 1, max: 4_000_000 })
    .map((microEpsilon) => ({ microEpsilon, microRho: Math.ceil(microEpsilon ** 2 / 2e6) })),
);
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ unit, records: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.constant('crash' as const) },
  { weight: 1, arbitrary: fc.constant('wait' as const) },
);

/** What a budget ought to hold, told in the plainest way. */
class Model {
  rho = 0n;
  epsilon: bigint | undefined = 0n;
  records = 0;

  /** True, and counted, when it fits. */
  charge(unitCost: UnitCost, records: number): boolean {
    const rho = this.rho + BigInt(unitCost.microRho) * BigInt(records);
    const epsilon =
      unitCost.microEpsilon === undefined || this.epsilon === undefined
        ? undefined
        : this.epsilon + BigInt(unitCost.microEpsilon) * BigInt(records);
    if ((epsilon === undefined || epsilon > MOST_EPSILON) && rho > MOST_RHO) return false;
    Object.assign(this, { rho, epsilon, records: this.records + records });
    return true;
  }
}

test('whatever is charged at once, and however often it restarts: never more than fits, and every sum is exact', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (script) => {
      const home = new BudgetHome();
      let budgets: Budgets = home.open();
      await budgets.create(APP, 'b', TEN);
      const model = new Model();
      let running: Promise<[boolean, boolean]>[] = [];
      const settle = async () => {
        for (const [isCharged, isExpected] of await Promise.all(running)) {
          expect(isCharged).toBe(isExpected);
        }
        running = [];
      };
      for (const next of script) {
        if (typeof next === 'string') {
          await settle();
          // As a kill leaves it: nothing is closed.
          if (next === 'crash') budgets = home.open();
          continue;
        }
        const isExpected = model.charge(next.unit, next.records);
        const charged = budgets.charge(APP, { budget: 'b', ...next }).then(
          () => true,
          () => false,
        );
        running.push(charged.then((isCharged) => [isCharged, isExpected]));
      }
      await settle();
      const state = await home.open().get(APP, 'b');
      expect(state.spent.rho).toBe(Number(model.rho) / 1e6);
      expect(state.charges).toBe(model.records);
      const isPureWithin = model.epsilon !== undefined && model.epsilon <= MOST_EPSILON;
      expect(isPureWithin || model.rho <= MOST_RHO).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('a thousand charges at once share few flushes, and each is told its own sum', async () => {
  const home = new BudgetHome();
  const budgets = home.open();
  const charge = { unit: { microRho: 3 }, records: 1 };
  const states = await Promise.all(Array.from({ length: 1000 }, () => budgets.charge(APP, charge)));
  const sums = states.map(({ spent }) => Math.round(spent.rho * 1e6));
  expect(sums).toEqual(Array.from({ length: 1000 }, (_, before) => 3 * (before + 1)));
  expect(await home.open().charge(APP, charge)).toMatchObject({ charges: 1001 });
});
