import { RpcError } from '@locara/protocol';
import type { Budgets, Charge } from '../../daemon/privacy/budget/budgets.ts';
import { zcdpRho } from '../../daemon/privacy/noise/accounting/zcdp.ts';

/** Charges of releases, counted for real and forgotten with the test; the ledger has tests of its own. */
export interface MemoryBudgets extends Pick<Budgets, 'charge'> {
  readonly charges: readonly Charge[];
  /** Makes a budget; without one by that name, charging it fails. */
  allow(budget: string, maxEpsilon: number, delta: number): void;
}

export function createMemoryBudgets(): MemoryBudgets {
  const charges: Charge[] = [];
  const limits = new Map<string, { readonly microRho: number; readonly microEpsilon: number }>();
  const fits = (budget: string, all: readonly Charge[]): boolean => {
    const limit = limits.get(budget);
    if (limit === undefined) throw new RpcError('NotFound', 'There is no such budget.');
    const rho = all.reduce((sum, { unit, records }) => sum + unit.microRho * records, 0);
    const epsilon = all.reduce(
      (sum, { unit, records }) => sum + (unit.microEpsilon ?? Infinity) * records,
      0,
    );
    return rho <= limit.microRho || epsilon <= limit.microEpsilon;
  };
  return {
    charges,
    allow: (budget, maxEpsilon, delta) => {
      const microRho = Math.floor(zcdpRho(maxEpsilon, delta) * 1e6);
      limits.set(budget, { microRho, microEpsilon: Math.round(maxEpsilon * 1e6) });
    },
    charge: async (_appId, charge) => {
      await Promise.resolve();
      const { budget, subject } = charge;
      const same = charges.filter((each) => each.budget === budget && each.subject === subject);
      if (budget !== undefined && !fits(budget, [...same, charge])) {
        throw new RpcError('QuotaExceeded', 'The privacy budget is spent.', {
          details: { rule: 'privacy_budget' },
        });
      }
      charges.push(charge);
      return {
        budget: budget ?? '',
        delta: 1e-5,
        spent: { rho: 0, epsilon: 0 },
        isExhausted: false,
        charges: same.length + 1,
        onExhausted: 'block',
      };
    },
  };
}
