import * as z from 'zod';
import { defineControlMethod } from './method.ts';
import { StoreFill } from './store-view.ts';

export const statusMethods = {
  'status.get': defineControlMethod({
    summary: 'The daemon, its sessions, workers and models.',
    params: z.strictObject({}),
    result: z.object({
      daemon: z.object({
        version: z.string(),
        pid: z.int(),
        uptimeMs: z.int(),
        rssBytes: z.int(),
      }),
      sessions: z.array(
        z.object({ appId: z.string(), attestation: z.string(), pid: z.int(), calls: z.int() }),
      ),
      workers: z.array(
        z.object({
          kind: z.string(),
          model: z.string(),
          pid: z.int(),
          state: z.enum(['starting', 'ready', 'busy', 'restarting', 'quarantined']),
          device: z.string().describe('As "Metal" or "CPU, 2 threads"; empty while not loaded.'),
          threads: z.int().describe('Of the processor, now; 0 while not loaded.'),
          why: z.string().describe('Why this device and this many threads.'),
          memoryBytes: z
            .int()
            .optional()
            .describe('Of a model, as estimated before it was loaded.'),
        }),
      ),
      models: z.object({ installed: z.int(), bytes: z.int() }),
      memory: z.object({
        limitBytes: z.int().describe('What all models together may take.'),
        heldBytes: z.int(),
        availableBytes: z.int().describe('What one more could take with no other unloaded.'),
        pressure: z.enum(['normal', 'warning', 'critical']),
      }),
      filling: z
        .array(z.object({ appId: z.string(), ...StoreFill.shape }))
        .optional()
        .describe('Stores that hold 80 % of their quota or more.'),
    }),
  }),
};
