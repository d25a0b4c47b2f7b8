import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { Base64, TimeoutMs } from '../values.ts';
import { Pipeline, PipelineEffect } from './pipeline-shapes.ts';
import { EnvelopeV2 } from './vault-shapes.ts';

export const embedMethods = {
  'embed.create': defineMethod({
    summary: 'Turn texts into vectors of length 1, or of any length with noise.',
    requires: 'embed:create',
    params: z.strictObject({
      model: z.string().max(256).optional(),
      input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(2048)]),
      kind: z.enum(['query', 'document']).default('document'),
      dimensions: z.int().min(1).max(8192).optional().describe('Keep the first n, renormalised.'),
      encoding: z.enum(['float', 'f32']).default('float'),
      overflow: z
        .enum(['refuse', 'chunk'])
        .default('refuse')
        .describe(
          'What to do with a text longer than the model reads at once: answer ContextOverflow, or embed it in pieces and take their mean, weighted by length.',
        ),
      priority: z.enum(['interactive', 'background']).default('interactive'),
      timeoutMs: TimeoutMs.optional(),
      pipeline: Pipeline.optional(),
    }),
    result: z.object({
      embeddings: z.array(z.union([z.array(z.number()), z.object({ f32: Base64 }), EnvelopeV2])),
      dimensions: z.int(),
      usage: z.object({ promptTokens: z.int() }),
      privacy: PipelineEffect.optional().describe('What the pipeline did.'),
    }),
    errors: [
      'NotFound',
      'Conflict',
      'ContextOverflow',
      'QuotaExceeded',
      'Busy',
      'Timeout',
      'WorkerCrashed',
      'Unavailable',
      'InsufficientResources',
      'Cancelled',
    ],
  }),
};
