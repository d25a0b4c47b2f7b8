import { type BudgetState, DEFAULT_DELTA, RpcError } from '@locara/protocol';
import type { BudgetTerms, UnitCost } from './budgets.ts';
import { fromMicroUnits, toMicroUnits } from './micro-units.ts';
import { epsilonOfMicroRho, maxMicroRho } from './zcdp.ts';

/** What was charged together, in millionths. */
export interface Spending {
  readonly microRho: bigint;
  /** The sum of pure costs; undefined once one was not pure. */
  readonly microEpsilon: bigint | undefined;
  /** Records charged. */
  readonly charges: number;
}

/** What a budget allows to each subject. */
export interface Limit extends BudgetTerms {
  readonly microEpsilon: bigint;
  /** What gives at most `maxEpsilon` at `delta`. */
  readonly microRho: bigint;
}

/** Whom a budget is spent on. */
export interface AccountName {
  /** Empty for what is charged to no budget. */
  readonly budget: string;
  readonly subject?: string | undefined;
}

export const NOTHING_SPENT: Spending = { microRho: 0n, microEpsilon: 0n, charges: 0 };

export function toLimit({ maxEpsilon, delta, onExhausted }: BudgetTerms): Limit {
  const microEpsilon = toMicroUnits(maxEpsilon, 'down');
  const microRho = maxMicroRho(maxEpsilon, delta);
  return { maxEpsilon, delta, onExhausted, microEpsilon, microRho };
}

/** Throws InvalidParams for what is not a whole and positive number of millionths and records. */
export function toSpending({ microRho, microEpsilon }: UnitCost, records: number): Spending {
  for (const part of [microRho, microEpsilon ?? 1, records]) {
    if (!Number.isSafeInteger(part) || part <= 0) throw notACost();
  }
  const times = BigInt(records);
  return {
    microRho: BigInt(microRho) * times,
    microEpsilon: microEpsilon === undefined ? undefined : BigInt(microEpsilon) * times,
    charges: records,
  };
}

export function addSpending(left: Spending, right: Spending): Spending {
  const isPure = left.microEpsilon !== undefined && right.microEpsilon !== undefined;
  return {
    microRho: left.microRho + right.microRho,
    microEpsilon: isPure ? left.microEpsilon + right.microEpsilon : undefined,
    charges: left.charges + right.charges,
  };
}

/** True while everything keeps within the pure bound, or everything within the concentrated one. */
export function isWithin({ microRho, microEpsilon }: Spending, limit: Limit): boolean {
  if (microEpsilon !== undefined && microEpsilon <= limit.microEpsilon) return true;
  return microRho <= limit.microRho;
}

const LEAST_COST: Spending = { microRho: 1n, microEpsilon: 1n, charges: 1 };

export function describeAccount(
  { budget, subject }: AccountName,
  spending: Spending,
  limit: Limit | undefined,
): BudgetState {
  const { microRho, microEpsilon, charges } = spending;
  const delta = limit?.delta ?? DEFAULT_DELTA;
  const concentrated = epsilonOfMicroRho(microRho, delta);
  const pure = microEpsilon === undefined ? Infinity : fromMicroUnits(microEpsilon);
  const spent = { rho: fromMicroUnits(microRho), epsilon: Math.min(concentrated, pure) };
  return {
    budget,
    ...(subject === undefined ? {} : { subject }),
    delta,
    spent,
    ...(limit === undefined ? {} : describeLimit(spending, limit, spent.epsilon)),
    isExhausted: limit !== undefined && !isWithin(addSpending(spending, LEAST_COST), limit),
    charges,
    onExhausted: limit?.onExhausted ?? 'warn',
  };
}

function describeLimit({ microRho }: Spending, limit: Limit, spentEpsilon: number) {
  const rho = limit.microRho > microRho ? fromMicroUnits(limit.microRho - microRho) : 0;
  const epsilon = Math.max(0, limit.maxEpsilon - spentEpsilon);
  return { maxEpsilon: limit.maxEpsilon, remaining: { rho, epsilon } };
}

function notACost(): RpcError {
  const details = { issues: [{ path: 'cost', rule: 'whole and positive numbers of millionths' }] };
  return new RpcError('InvalidParams', 'This is no cost that can be charged.', { details });
}
