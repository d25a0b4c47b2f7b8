import type { BudgetState } from '@locara/protocol';

/** What one record of a release costs, rounded up: whole numbers add up without error. */
export type UnitCost = PureCost | GaussianCost;

/** Of a guarantee without delta. In millionths. */
export interface PureCost {
  readonly microRho: number;
  readonly microEpsilon: number;
  readonly yoctoRho?: undefined;
}

/** Of Gaussian noise: rho is (D/σ)²/2, in millionths and, for sums that are exact, in 1e-24. */
export interface GaussianCost {
  readonly microRho: number;
  readonly yoctoRho: bigint;
  readonly microEpsilon?: undefined;
}

export interface Charge {
  /** `undefined` is the app's own account of everything else: recorded, not limited. */
  readonly budget?: string | undefined;
  readonly subject?: string | undefined;
  readonly unit: UnitCost;
  readonly records: number;
}

export interface BudgetTerms {
  readonly maxEpsilon: number;
  readonly delta: number;
  readonly onExhausted: 'block' | 'warn';
}

/** Which part of a list. */
export interface BudgetPage {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface AllowanceCount {
  readonly allowances: number;
  readonly exhausted: number;
}

/**
 * How much each app has told about each subject. A charge is on the disk before it resolves: what was released is
 * never forgotten, what was charged and not released is not given back.
 */
export interface Budgets {
  /** Throws Conflict where the terms differ from those in force. */
  create(appId: string, budget: string, terms: BudgetTerms): Promise<BudgetState>;
  /** Throws NotFound for a budget that was not made, QuotaExceeded (`rule: privacy_budget`) where it does not fit. */
  charge(appId: string, charge: Charge): Promise<BudgetState>;
  /** Throws what `charge` would now; nothing is charged. */
  assertFits(appId: string, charge: Charge): Promise<void>;
  get(appId: string, budget: string, subject?: string): Promise<BudgetState>;
  list(appId: string, page: BudgetPage): Promise<{ budgets: BudgetState[]; cursor?: string }>;
  count(appId: string): Promise<AllowanceCount>;
  /**
   * On the user's word alone. Answers how many allowances began anew. Without a budget: all of the app's, and the one
   * way on from a record that is damaged, which is set aside.
   */
  reset(appId: string, budget?: string, subject?: string): Promise<number>;
  /** True where anything is kept of an app. */
  has(appId: string): boolean;
  /** Everything of an app. */
  wipe(appId: string): Promise<void>;
  close(): Promise<void>;
}
