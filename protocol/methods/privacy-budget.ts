import * as z from 'zod';
import { defineMethod } from '../method.ts';
import {
  BUDGET_FIELDS,
  BudgetName,
  Cost,
  Delta,
  Epsilon,
  Loss,
  Subject,
} from './privacy-shapes.ts';

const errors = [
  'NotFound',
  'Conflict',
  'QuotaExceeded',
  'Unavailable',
  'InsufficientResources',
] as const;

/** An allowance, and what is left of it. */
export const BudgetState = z
  .object({
    budget: z.string().describe('Empty for what was released under none.'),
    subject: z.string().optional(),
    maxEpsilon: z.number().optional().describe('Absent where nothing limits it.'),
    delta: z.number().describe('At which `epsilon` is told.'),
    spent: Loss.describe('`rho` is the sum of what releases cost.'),
    remaining: Loss.optional().describe(
      'Absent where nothing limits it. `rho` is what one more Gaussian release may cost.',
    ),
    isExhausted: z.boolean().describe('Nothing more is released that costs anything.'),
    charges: z.int().describe('How many records were charged.'),
    onExhausted: z.enum(['block', 'warn']),
  })
  .meta({ id: 'BudgetState' });
export type BudgetState = z.output<typeof BudgetState>;

const Which = { budget: BudgetName, subject: Subject.optional() };

export const privacyBudgetMethods = {
  'privacy.budget.create': defineMethod({
    summary: 'An allowance of privacy loss; the same again is the same one, spent as it is.',
    requires: 'session',
    params: z.strictObject({
      budget: BudgetName,
      maxEpsilon: Epsilon.default(10),
      delta: Delta,
      onExhausted: z
        .enum(['block', 'warn'])
        .default('block')
        .describe('`block` refuses what does not fit; `warn` releases it, and says so.'),
    }),
    result: BudgetState,
    errors,
  }),
  'privacy.budget.get': defineMethod({
    summary: 'What one allowance has left, for everybody or for one subject.',
    requires: 'session',
    params: z.strictObject(Which),
    result: BudgetState,
    errors,
  }),
  'privacy.budget.list': defineMethod({
    summary: 'The allowances of this app, and what is left of them.',
    requires: 'session',
    params: z.strictObject({
      limit: z.int().min(1).max(1000).default(100),
      cursor: z.string().max(1024).optional(),
    }),
    result: z.object({ budgets: z.array(BudgetState), cursor: z.string().optional() }),
    errors,
  }),
  'privacy.budget.charge': defineMethod({
    summary: 'Charge a release that the app makes itself, before it makes it.',
    requires: 'session',
    params: z
      .strictObject({
        ...BUDGET_FIELDS,
        epsilon: Epsilon.optional().describe('Of a pure guarantee.'),
        rho: z
          .number()
          .positive()
          .max(1e6)
          .optional()
          .describe('Of Gaussian noise: (sensitivity / sigma)² / 2.'),
        records: z.int().min(1).max(65_536).default(1),
      })
      .refine(
        ({ epsilon, rho }) => (epsilon === undefined) !== (rho === undefined),
        'give epsilon or rho',
      ),
    result: z.object({ cost: Cost, state: BudgetState }),
    errors,
  }),
};
