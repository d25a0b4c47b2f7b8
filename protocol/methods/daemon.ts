import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { Quotas } from './session.ts';

/** What a loaded model runs on. */
export const EngineStatus = z
  .object({
    model: z.string(),
    state: z.enum(['stopped', 'starting', 'ready', 'busy', 'restarting', 'quarantined']),
    device: z.string().describe('Metal, CUDA, Vulkan or CPU; empty while not loaded.'),
    threads: z
      .int()
      .describe('Of the processor, while nothing else shares its cores; 0 while not loaded.'),
    why: z.string().describe('Why this device and this many threads.'),
    contextTokens: z.int().optional().describe('Of one text; the same for every app.'),
    sequences: z.int().optional().describe('Texts written side by side.'),
  })
  .meta({ id: 'EngineStatus' });
export type EngineStatus = z.output<typeof EngineStatus>;

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
      engines: z.array(EngineStatus).describe('Of the models that the app pins.'),
    }),
  }),
};
