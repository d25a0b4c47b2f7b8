import * as z from 'zod';
import { defineControlMethod } from './method.ts';

export const FINDING_LEVELS = ['ok', 'note', 'warning', 'problem'] as const;

/** One thing that was looked at just now. */
export const Finding = z
  .object({
    id: z.string().describe('Stable, as "threads" or "engine:stories-260k".'),
    level: z.enum(FINDING_LEVELS),
    title: z.string().describe('A sentence.'),
    detail: z.string().optional(),
    fix: z.string().optional().describe('What to do about it.'),
  })
  .meta({ id: 'Finding' });
export type Finding = z.output<typeof Finding>;

export const doctorMethods = {
  'doctor.examine': defineControlMethod({
    summary: 'Looks at everything that the daemon needs, now, and says what it found.',
    params: z.strictObject({}),
    result: z.object({ findings: z.array(Finding) }),
  }),
};
