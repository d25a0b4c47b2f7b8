import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { Quotas } from './session.ts';

export const daemonMethods = {
  'daemon.ping': defineMethod({
    summary: 'Answer, to show that the daemon is there.',
    requires: 'connection',
    params: z.strictObject({}),
    result: z.object({ ok: z.literal(true) }),
  }),
  'daemon.status': defineMethod({
    summary: "Version, uptime and this app's own calls, queue and quota use; never another app's.",
    requires: 'session',
    params: z.strictObject({}),
    result: z.object({
      version: z.string(),
      uptimeMs: z.int(),
      calls: z.object({ running: z.int(), queued: z.int(), limit: z.int() }),
      connections: z.object({ open: z.int(), limit: z.int() }),
      quotas: Quotas,
    }),
  }),
};
