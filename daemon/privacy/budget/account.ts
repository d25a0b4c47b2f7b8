import { type BudgetState, DEFAULT_DELTA, RpcError } from '@locara/protocol';
import { epsilonOfGaussianRho } from '../noise/accounting/gaussian-dp.ts';
import { zcdpEpsilon } from '../noise/accounting/zcdp.ts';
import type { UnitCost } from './budgets.ts';
import type { Limit } from './limit.ts';
import { fromMicroUnits, fromYoctoUnits, toGaussianYoctoRho, yoctoToMicro } from './micro-units.ts';

/** What was charged together. */
export interface Spending {
  /** Zero-concentrated, in millionths. */
  readonly microRho: bigint;
  /** The sum of pure costs, in millionths; undefined once one was not pure. */
  readonly microEpsilon: bigint | undefined;
  /** The sum that counts where the first charge was of Gaussian noise, in 1e-24; undefined where it was not. */
  readonly yoctoRho: bigint | undefined;
  /** Records charged. */
  readonly charges: number;
}

/** Whom a budget is spent on. */
export interface AccountName {
  /** Empty for what is charged to no budget. */
  readonly budget: string;
  readonly subject?: string | undefined;
}

export const NOTHING_SPENT: Spending = {
  microRho: 0n,
  microEpsilon: 0n,
  yoctoRho: undefined,
  charges: 0,
};

/**
 * What a charge adds to what was `spent` before: the first one decides how all are added up. Throws InvalidParams for
 * what is not a whole and positive number of units and records.
 */
export function toSpending(unit: UnitCost, records: number, spent: Spending): Spending {
  const { microRho, microEpsilon, yoctoRho } = unit;
  for (const part of [microRho, microEpsilon ?? 1, records]) {
    if (!Number.isSafeInteger(part) || part <= 0) throw notACost();
  }
  if (microEpsilon === undefined && !(yoctoRho > 0n)) throw notACost();
  const times = BigInt(records);
  const isGaussian = spent.charges === 0 ? yoctoRho !== undefined : spent.yoctoRho !== undefined;
  return {
    microRho: BigInt(microRho) * times,
    microEpsilon: microEpsilon === undefined ? undefined : BigInt(microEpsilon) * times,
    yoctoRho: isGaussian ? yoctoRhoOf(unit) * times : undefined,
    charges: records,
  };
}

function yoctoRhoOf(unit: UnitCost): bigint {
  return unit.yoctoRho ?? toGaussianYoctoRho(unit);
}

export function addSpending(left: Spending, right: Spending): Spending {
  if (left.charges === 0) return right;
  return {
    microRho: left.microRho + right.microRho,
    microEpsilon: sumOf(left.microEpsilon, right.microEpsilon),
    yoctoRho: sumOf(left.yoctoRho, right.yoctoRho),
    charges: left.charges + right.charges,
  };
}

function sumOf(left: bigint | undefined, right: bigint | undefined): bigint | undefined {
  return left === undefined || right === undefined ? undefined : left + right;
}

/**
 * Of what began with Gaussian noise: true while the sum of Gaussians keeps within. Of everything else: while everything
 * keeps within the pure bound, or everything within the concentrated one.
 */
export function isWithin({ microRho, microEpsilon, yoctoRho }: Spending, limit: Limit): boolean {
  if (yoctoRho !== undefined) return yoctoRho <= limit.yoctoRho;
  if (microEpsilon !== undefined && microEpsilon <= limit.microEpsilon) return true;
  return microRho <= limit.microRho;
}

const LEAST_COST: Spending = { microRho: 1n, microEpsilon: 1n, yoctoRho: undefined, charges: 1 };

/** True where not even a millionth is left: what is less is not released either. */
export function isExhausted(spending: Spending, limit: Limit | undefined): boolean {
  if (limit === undefined) return false;
  const { yoctoRho } = spending;
  if (yoctoRho !== undefined) return yoctoToMicro(limit.yoctoRho - yoctoRho) <= 0n;
  return !isWithin(addSpending(spending, LEAST_COST), limit);
}

export function describeAccount(
  { budget, subject }: AccountName,
  spending: Spending,
  limit: Limit | undefined,
): BudgetState {
  const delta = limit?.delta ?? DEFAULT_DELTA;
  const spent = { rho: fromMicroUnits(spending.microRho), epsilon: epsilonOf(spending, delta) };
  return {
    budget,
    ...(subject === undefined ? {} : { subject }),
    delta,
    spent,
    ...(limit === undefined ? {} : describeLimit(spending, limit, spent.epsilon)),
    isExhausted: isExhausted(spending, limit),
    charges: spending.charges,
    onExhausted: limit?.onExhausted ?? 'warn',
  };
}

function epsilonOf({ microRho, microEpsilon, yoctoRho }: Spending, delta: number): number {
  if (yoctoRho !== undefined) return epsilonOfGaussianRho(fromYoctoUnits(yoctoRho), delta);
  const pure = microEpsilon === undefined ? Infinity : fromMicroUnits(microEpsilon);
  return Math.min(zcdpEpsilon(fromMicroUnits(microRho), delta), pure);
}

function describeLimit(spending: Spending, limit: Limit, spentEpsilon: number) {
  const microRho = leftOf(spending, limit);
  const rho = microRho > 0n ? fromMicroUnits(microRho) : 0;
  const epsilon = Math.max(0, limit.maxEpsilon - spentEpsilon);
  return { maxEpsilon: limit.maxEpsilon, remaining: { rho, epsilon } };
}

/** In millionths of the rho that the account adds up; of one that has not begun, that of Gaussian noise. */
function leftOf({ microRho, yoctoRho, charges }: Spending, limit: Limit): bigint {
  if (charges === 0) return yoctoToMicro(limit.yoctoRho);
  if (yoctoRho !== undefined) return yoctoToMicro(limit.yoctoRho - yoctoRho);
  return limit.microRho - microRho;
}

function notACost(): RpcError {
  const details = { issues: [{ path: 'cost', rule: 'whole and positive numbers of units' }] };
  return new RpcError('InvalidParams', 'This is no cost that can be charged.', { details });
}
