import { gaussianRho } from '../noise/accounting/gaussian-dp.ts';
import { zcdpRho } from '../noise/accounting/zcdp.ts';
import type { BudgetTerms } from './budgets.ts';
import { toMicroUnits, toYoctoUnits } from './micro-units.ts';

/** What a budget allows to each subject, all rounded down. */
export interface Limit extends BudgetTerms {
  /** Of pure charges alone. */
  readonly microEpsilon: bigint;
  /** Zero-concentrated, what gives at most `maxEpsilon` at `delta`. */
  readonly microRho: bigint;
  /** The same of an account that began with Gaussian noise, in 1e-24. */
  readonly yoctoRho: bigint;
}

/** More than the error of the floating-point numbers that it comes from, by far. */
const SLACK = 1e-12;

/** Less than a millionth of epsilon allows nothing. */
export function toLimit(terms: BudgetTerms): Limit {
  const { maxEpsilon, delta } = terms;
  const microEpsilon = toMicroUnits(maxEpsilon, 'down');
  const microRho = microEpsilon === 0n ? 0n : maxMicroRho(maxEpsilon, delta);
  return { ...terms, microEpsilon, microRho, yoctoRho: maxYoctoRho(terms) };
}

export function maxMicroRho(epsilon: number, delta: number): bigint {
  return toMicroUnits(zcdpRho(epsilon, delta) * (1 - SLACK), 'down');
}

/** Of an account that began with Gaussian noise. */
export function maxYoctoRho({ maxEpsilon, delta }: BudgetTerms): bigint {
  if (toMicroUnits(maxEpsilon, 'down') === 0n) return 0n;
  return toYoctoUnits(gaussianRho(maxEpsilon, delta), 'down');
}
