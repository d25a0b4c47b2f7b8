import * as z from 'zod';
import { BudgetState } from '../methods/privacy-budget.ts';
import { BudgetName, Subject } from '../methods/privacy-shapes.ts';
import { KeyMetadata } from '../methods/vault-keystore.ts';
import { defineControlMethod } from './method.ts';

const AppId = z.string().max(256);

/** What an app keeps under passphrases, and how many allowances of privacy loss it has. */
export const PrivacyView = z
  .object({
    databases: z.array(KeyMetadata).describe('Keys that a passphrase opens; by name.'),
    allowances: z.int(),
    exhausted: z.int().describe('How many allowances are spent.'),
    problems: z.array(z.string()).describe('What could not be read, in sentences.'),
  })
  .meta({ id: 'PrivacyView' });
export type PrivacyView = z.output<typeof PrivacyView>;

export const privacyControlMethods = {
  'privacy.show': defineControlMethod({
    summary: 'What an app keeps under passphrases, and how many allowances it has.',
    params: z.strictObject({ appId: AppId }),
    result: PrivacyView,
  }),
  'privacy.budgets': defineControlMethod({
    summary: "How much of an app's allowances of privacy loss is spent.",
    params: z.strictObject({
      appId: AppId,
      limit: z.int().min(1).max(1000).default(1000),
      cursor: z.string().max(1024).optional(),
    }),
    result: z.object({ budgets: z.array(BudgetState), cursor: z.string().optional() }),
  }),
  'privacy.resetBudget': defineControlMethod({
    summary: 'Begin an allowance anew: what was released under it stays known.',
    params: z
      .strictObject({
        appId: AppId,
        budget: BudgetName.optional().describe(
          'All that the app spent when left out; that is also the one way on from a record that is damaged.',
        ),
        subject: Subject.optional().describe('One alone; all of the budget when left out.'),
      })
      .refine(
        ({ budget, subject }) => budget !== undefined || subject === undefined,
        'a subject has a budget',
      ),
    result: z.object({
      reset: z.int().describe('How many allowances began anew; 0 also where none could be read.'),
    }),
  }),
};
