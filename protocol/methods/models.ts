import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { TimeoutMs } from '../values.ts';
import { MODALITIES } from '../app-manifest.ts';

const MODEL_STATES = ['absent', 'installed', 'loaded'] as const;

export const Model = z
  .object({
    id: z.string(),
    digest: z.string(),
    task: z.enum(MODALITIES),
    state: z
      .enum(MODEL_STATES)
      .describe(
        '`loaded` is told to sessions that used the model since; to others it is `installed`.',
      ),
    bytes: z.int(),
    license: z.string(),
    description: z.string(),
    contextTokens: z
      .int()
      .optional()
      .describe('Of one call here, prompt and answer together; exact once the model was ready.'),
    chatTemplate: z
      .boolean()
      .optional()
      .describe('False: the contents of messages are joined by newlines.'),
    dimensions: z.int().optional(),
    tools: z
      .boolean()
      .optional()
      .describe('Whether the chat template calls tools; absent where not known.'),
    reasoning: z
      .boolean()
      .optional()
      .describe('Whether the model thinks before it answers; absent where not known.'),
    unusableUntil: z
      .string()
      .optional()
      .describe('Crashed several times in a row: refused until then, ISO 8601.'),
  })
  .meta({ id: 'Model' });
export type Model = z.output<typeof Model>;

export const modelsMethods = {
  'models.list': defineMethod({
    summary: "The models that this app's manifest pins; others are invisible.",
    requires: 'session',
    params: z.strictObject({}),
    result: z.object({ models: z.array(Model) }),
  }),
  'models.ensure': defineMethod({
    summary: 'Make a pinned model ready to use, with progress; embedded models need no download.',
    requires: 'session',
    params: z.strictObject({ model: z.string().max(256) }),
    result: z.object({ model: Model }),
    errors: ['NotFound', 'Unavailable', 'InsufficientResources'],
  }),
  'models.lease': defineMethod({
    summary:
      'Load a pinned model and keep it warm: no idle time-out, and last to go when memory is needed.',
    requires: 'session',
    params: z.strictObject({
      model: z.string().max(256),
      ttlMs: z
        .int()
        .min(1)
        .max(60 * 60 * 1000)
        .default(10 * 60 * 1000)
        .describe('The lease ends after this long, when released, and with the session.'),
      timeoutMs: TimeoutMs.optional(),
    }),
    result: z.object({
      lease: z.string(),
      expiresAt: z.string().describe('ISO 8601.'),
      model: Model,
    }),
    errors: [
      'NotFound',
      'Busy',
      'Unavailable',
      'InsufficientResources',
      'WorkerCrashed',
      'Timeout',
    ],
  }),
  'models.release': defineMethod({
    summary: 'End a lease of this session.',
    requires: 'session',
    params: z.strictObject({ lease: z.string().max(128) }),
    result: z.object({ released: z.literal(true) }),
    errors: ['NotFound'],
  }),
};
