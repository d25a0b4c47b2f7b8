import * as z from 'zod';
import { defineMethod } from '../method.ts';

/** What an app did, or was refused, with one capability and method; metadata, never content. */
export const CapabilityLogEntry = z
  .object({
    capability: z.string(),
    method: z.string(),
    outcome: z.enum(['used', 'denied']),
    count: z.int().describe('Calls that this entry stands for.'),
    firstAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
  })
  .meta({ id: 'CapabilityLogEntry' });
export type CapabilityLogEntry = z.output<typeof CapabilityLogEntry>;

/** What was done to an app's content for privacy's sake; counts, never content. */
export const PrivacyEffectEntry = z
  .object({
    event: z.enum(['privacy.redacted', 'privacy.noised', 'privacy.encrypted', 'privacy.decrypted']),
    method: z.string(),
    count: z.int().describe('Calls that this entry stands for.'),
    counts: z
      .record(z.string(), z.number())
      .describe('By entity, or by what else was counted, as `records` or `microRho`.'),
    firstAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
  })
  .meta({ id: 'PrivacyEffectEntry' });
export type PrivacyEffectEntry = z.output<typeof PrivacyEffectEntry>;

export const auditMethods = {
  'audit.capabilityLog': defineMethod({
    summary: 'What this app used and was denied, newest first; never another app’s.',
    requires: 'session',
    params: z.strictObject({
      limit: z.int().min(1).max(1000).default(100),
      cursor: z.string().max(64).optional(),
      effects: z
        .boolean()
        .default(false)
        .describe('Also what was redacted, noised and encrypted: at most `limit`, without pages.'),
    }),
    result: z.object({
      entries: z.array(CapabilityLogEntry),
      cursor: z.string().optional(),
      effects: z.array(PrivacyEffectEntry).optional(),
    }),
  }),
};
