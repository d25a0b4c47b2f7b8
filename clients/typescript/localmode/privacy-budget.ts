import type { BudgetState, ParamsInput } from '@locara/protocol';
import type { ClientSource } from './client-source.ts';
import { withinBudget } from './privacy-budget-error.ts';

type CreateParams = ParamsInput<'privacy.budget.create'>;

export interface PrivacyBudgetOptions {
  /** The loss of privacy that is allowed to all releases together, at `delta`; 10. */
  readonly maxEpsilon?: CreateParams['maxEpsilon'];
  /** 1e-5. */
  readonly delta?: CreateParams['delta'];
  /** Its name in this app; all that have none are the same one, `default`. */
  readonly persistKey?: string;
  /** `block` refuses what does not fit; `warn` releases it. `block`. */
  readonly onExhausted?: CreateParams['onExhausted'];
}

export interface Consumption {
  /** Whom the release is about; each has the whole budget. */
  readonly subject?: string;
  /** How many records it tells of, each `epsilon`; 1. */
  readonly records?: number;
}

/** An allowance of privacy loss. It is kept by the daemon, on the disk, whoever asks for it again. */
export interface PrivacyBudget {
  readonly name: string;
  /** Charges a release that the app makes itself, before it makes it. Throws PrivacyBudgetExhaustedError. */
  readonly consume: (epsilon: number, consumption?: Consumption) => Promise<void>;
  /** The epsilon that is left, at the budget's delta; of one subject or of what has none. */
  readonly remaining: (subject?: string) => Promise<number>;
  readonly isExhausted: (subject?: string) => Promise<boolean>;
  readonly consumed: (subject?: string) => Promise<number>;
  readonly state: (subject?: string) => Promise<BudgetState>;
  /** Always rejects: an app that could forget what it released would have no limit. */
  readonly reset: () => Promise<never>;
}

export interface PrivacyBudgets {
  /** The same name again is the same budget, spent as it is. */
  readonly createPrivacyBudget: (options?: PrivacyBudgetOptions) => Promise<PrivacyBudget>;
}

const UNNAMED = 'default';

export function createPrivacyBudgets(client: ClientSource): PrivacyBudgets {
  return {
    createPrivacyBudget: async ({ persistKey: budget = UNNAMED, ...terms } = {}) => {
      await client().privacy.budget.create({ budget, ...terms });
      const state = (subject?: string) => client().privacy.budget.get({ budget, subject });
      return {
        name: budget,
        state,
        consume: async (epsilon, consumption = {}) => {
          await withinBudget(client().privacy.budget.charge({ budget, epsilon, ...consumption }));
        },
        remaining: async (subject) => (await state(subject)).remaining?.epsilon ?? Infinity,
        isExhausted: async (subject) => (await state(subject)).isExhausted,
        consumed: async (subject) => (await state(subject)).spent.epsilon,
        reset: () => Promise.reject(onlyTheUser()),
      };
    },
  };
}

function onlyTheUser(): TypeError {
  return new TypeError('Only the user can begin a privacy budget anew: `locara privacy reset`.');
}
