import * as z from 'zod';
import { defineControlMethod } from './method.ts';

/** One line of the audit log: metadata, never content. */
export const AuditEntry = z
  .object({
    n: z.int().describe('Its number; the log has no gaps.'),
    at: z.iso.datetime(),
    event: z.string().describe('As `grant.consented` or `capability.denied`.'),
    appId: z.string().optional(),
    fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.output<typeof AuditEntry>;

export const auditControlMethods = {
  'audit.show': defineControlMethod({
    summary: 'The latest entries of the audit log, newest first.',
    params: z.strictObject({
      appId: z.string().max(256).optional(),
      limit: z.int().min(1).max(1000).default(100),
      before: z.int().min(1).optional().describe('Only entries with a smaller number.'),
    }),
    result: z.object({ entries: z.array(AuditEntry) }),
  }),
  'audit.verify': defineControlMethod({
    summary: 'Check the whole audit log against its hash chain and its signed checkpoint.',
    params: z.strictObject({}),
    result: z.object({
      ok: z.boolean(),
      entries: z.int(),
      problem: z.string().optional().describe('The first thing that does not fit.'),
      at: z.int().optional().describe('The number of the entry where it shows.'),
    }),
  }),
};
