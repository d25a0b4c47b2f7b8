import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { MODALITIES } from '../app-manifest.ts';

const MODEL_STATES = ['absent', 'installed', 'loaded'] as const;

export const Model = z
  .object({
    id: z.string(),
    digest: z.string(),
    task: z.enum(MODALITIES),
    state: z.enum(MODEL_STATES),
    bytes: z.int(),
    license: z.string(),
    description: z.string(),
    contextTokens: z.int().optional(),
    chatTemplate: z
      .boolean()
      .optional()
      .describe('False: the contents of messages are joined by newlines.'),
    dimensions: z.int().optional(),
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
};
