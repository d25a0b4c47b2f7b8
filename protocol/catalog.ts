import * as z from 'zod';
import { MODALITIES } from './app-manifest.ts';
import { Sha256Hex } from './values.ts';

/** One file of a model: digest and size are those of the unpacked file. */
export const CatalogFile = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  sha256: Sha256Hex,
  bytes: z.int().min(1),
  source: z
    .strictObject({
      embedded: z.string().optional().describe('A file beside the catalog.'),
      package: z.string().optional().describe('A file inside an installed npm package.'),
      compression: z.enum(['gzip']).optional(),
    })
    .optional(),
});

export const CatalogEntry = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/),
  task: z.union([z.enum(MODALITIES), z.literal('voice-activity')]),
  embedded: z.boolean().optional(),
  description: z.string(),
  license: z.string(),
  files: z.array(CatalogFile).min(1),
  contextTokens: z.int().optional(),
  chatTemplate: z.boolean().optional(),
  tools: z.boolean().optional().describe('Whether the chat template calls tools.'),
  reasoning: z.boolean().optional().describe('Whether the model thinks before it answers.'),
  dimensions: z.int().optional(),
  queryPrefix: z.string().optional(),
  documentPrefix: z.string().optional(),
  windowMs: z.int().optional().describe('Longest speech the model hears at once.'),
  languages: z.array(z.string()).optional(),
  translates: z.boolean().optional().describe('Whether a speech model can write English instead.'),
});
export type CatalogEntry = z.output<typeof CatalogEntry>;
export type CatalogFile = z.output<typeof CatalogFile>;

/** models/catalog.json. */
export const Catalog = z.strictObject({
  models: z.array(CatalogEntry).describe('What an app may pin.'),
  own: z.array(CatalogEntry).default([]).describe("The daemon's own, as voice activity."),
});
export type Catalog = z.output<typeof Catalog>;
