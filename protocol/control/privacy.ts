import * as z from 'zod';
import { BudgetState } from '../methods/privacy-budget.ts';
import { BudgetName, Subject } from '../methods/privacy-shapes.ts';
import { defineControlMethod } from './method.ts';

const AppId = z.string().max(256);

export const privacyControlMethods = {
  'privacy.budgets': defineControlMethod({
    summary: "How much of an app's allowances of privacy loss is spent.",
    params: z.strictObject({ appId: AppId, cursor: z.string().max(1024).optional() }),
    result: z.object({ budgets: z.array(BudgetState), cursor: z.string().optional() }),
  }),
  'privacy.resetBudget': defineControlMethod({
    summary: 'Begin an allowance anew: what was released under it stays known.',
    params: z.strictObject({
      appId: AppId,
      budget: BudgetName,
      subject: Subject.optional().describe('One alone; all of the budget when left out.'),
    }),
    result: z.object({ reset: z.int().describe('How many allowances began anew.') }),
  }),
};
