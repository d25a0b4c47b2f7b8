import * as z from 'zod';
import { Base64 } from '../values.ts';
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
  'audit.export': defineControlMethod({
    summary: 'The log as it is on the disk, to be verified elsewhere; oldest first.',
    params: z.strictObject({
      after: z.int().min(0).default(0).describe('Only lines of entries with a larger number.'),
      limit: z.int().min(1).max(1000).default(1000),
    }),
    result: z.object({
      lines: z.array(z.string()).describe('Each one entry, byte for byte.'),
      checkpoint: z
        .string()
        .describe('One line: where the log began and ends now, signed by the daemon.'),
      publicKey: Base64.describe("The daemon's, raw Ed25519."),
      next: z.int().optional().describe('There is more: ask again with this as `after`.'),
    }),
  }),
};
