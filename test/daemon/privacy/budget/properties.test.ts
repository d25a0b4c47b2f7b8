import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Budgets, UnitCost } from '../../../../daemon/privacy/budget/budgets.ts';
import { maxMicroRho, maxYoctoRho } from '../../../../daemon/privacy/budget/limit.ts';
import {
  costOfEpsilon,
  costOfRho,
  toGaussianYoctoRho,
} from '../../../../daemon/privacy/budget/micro-units.ts';
import { APP, BudgetHome, TEN } from '../../../support/budget-home.ts';

const MOST_RHO = maxMicroRho(TEN.maxEpsilon, TEN.delta);
const MOST_GAUSSIAN = maxYoctoRho(TEN);
const MOST_EPSILON = 10_000_000n;
const MICRO = 10n ** 18n;

const unit: fc.Arbitrary<UnitCost> = fc.oneof(
  fc.integer({ min: 1, max: 900_000 }).map((microRho) => costOfRho(microRho / 1e6)),
  fc.integer({ min: 1, max: 4_000_000 }).map((micro) => costOfEpsilon(micro / 1e6)),
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
  gaussian = 0n;
  isGaussian: boolean | undefined;
  records = 0;

  /** True, and counted, when it fits. */
  charge(unitCost: UnitCost, records: number): boolean {
    const { microRho, microEpsilon, yoctoRho } = unitCost;
    const times = BigInt(records);
    const isGaussian = this.isGaussian ?? yoctoRho !== undefined;
    const after = {
      rho: this.rho + BigInt(microRho) * times,
      epsilon:
        microEpsilon === undefined || this.epsilon === undefined
          ? undefined
          : this.epsilon + BigInt(microEpsilon) * times,
      gaussian: this.gaussian + (yoctoRho ?? toGaussianYoctoRho(unitCost)) * times,
    };
    const isFull = isGaussian && MOST_GAUSSIAN - this.gaussian < MICRO;
    if (isFull || !isWithin(after, isGaussian)) return false;
    Object.assign(this, after, { isGaussian, records: this.records + records });
    return true;
  }

  isWithin(): boolean {
    return isWithin(this, this.isGaussian ?? false);
  }
}

function isWithin(
  {
    rho,
    epsilon,
    gaussian,
  }: Pick<Model, 'rho' | 'gaussian'> & { readonly epsilon: bigint | undefined },
  isGaussian: boolean,
): boolean {
  if (isGaussian) return gaussian <= MOST_GAUSSIAN;
  return rho <= MOST_RHO || (epsilon !== undefined && epsilon <= MOST_EPSILON);
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
      expect(model.isWithin()).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('a thousand charges at once share few flushes, and each is told its own sum', async () => {
  const home = new BudgetHome();
  const budgets = home.open();
  const charge = { unit: costOfRho(3e-6), records: 1 };
  const states = await Promise.all(Array.from({ length: 1000 }, () => budgets.charge(APP, charge)));
  const sums = states.map(({ spent }) => Math.round(spent.rho * 1e6));
  expect(sums).toEqual(Array.from({ length: 1000 }, (_, before) => 3 * (before + 1)));
  expect(await home.open().charge(APP, charge)).toMatchObject({ charges: 1001 });
});

test('a thousand charges at once, and a list of as many, leave others their turns', async () => {
  const budgets = new BudgetHome().open();
  await budgets.create(APP, 'b', TEN);
  let turns = 0;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  // Each look at the clock finds that a turn is over.
  let nowMs = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 4));
  onTestFinished(() => {
    clock.mockRestore();
    clearImmediate(counting);
  });
  const charge = { budget: 'b', unit: costOfRho(0.01), records: 1 };
  const charged = Array.from({ length: 1000 }, (_, subject) =>
    budgets.charge(APP, { ...charge, subject: `s${subject}` }),
  );
  await Promise.all(charged);
  expect(turns).toBeGreaterThan(900);
  turns = 0;
  await budgets.list(APP, { limit: 1000 });
  expect(turns).toBeGreaterThan(900);
});
