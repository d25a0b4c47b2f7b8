import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { Unicode, Vector } from '../values.ts';

const Collection = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and -; at most 63');
const RecordId = Unicode.min(1).max(256);
const Metadata = z.record(z.string().max(128), z.unknown());

type Json = string | number | boolean | null;
const Scalar: z.ZodType<Json> = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** `{field:{eq|in|gt|gte|lt|lte|exists}}`, `{and|or:[…]}`, `{not}`. */
export type Filter = Readonly<Record<string, unknown>>;
export const Filter: z.ZodType<Filter> = z
  .record(
    z.string().max(128),
    z.union([
      z.strictObject({
        eq: Scalar.optional(),
        in: z.array(Scalar).max(1000).optional(),
        gt: z.union([z.string(), z.number()]).optional(),
        gte: z.union([z.string(), z.number()]).optional(),
        lt: z.union([z.string(), z.number()]).optional(),
        lte: z.union([z.string(), z.number()]).optional(),
        exists: z.boolean().optional(),
      }),
      z.array(z.lazy(() => Filter)).max(100),
      z.lazy(() => Filter),
    ]),
  )
  .meta({ id: 'Filter' });

const StoredRecord = z
  .object({
    id: RecordId,
    text: z.string().optional(),
    metadata: Metadata.optional(),
    vector: Vector.optional(),
  })
  .meta({ id: 'Record' });

const errors = [
  'NotFound',
  'Conflict',
  'Timeout',
  'QuotaExceeded',
  'PayloadTooLarge',
  'InsufficientResources',
  'Busy',
  'WorkerCrashed',
  'Unavailable',
] as const;

export const collectionsMethods = {
  'collections.create': defineMethod({
    summary: 'Create a collection of records, searchable by meaning and by words.',
    requires: 'store:write',
    params: z.strictObject({
      collection: Collection,
      dimensions: z
        .int()
        .min(1)
        .max(8192)
        .optional()
        .describe("Of the vectors; else those of the first record's."),
    }),
    result: z.object({ collection: z.string(), dimensions: z.int().optional() }),
    errors,
  }),
  'collections.list': defineMethod({
    summary: 'The collections of this app.',
    requires: 'store:read',
    params: z.strictObject({}),
    result: z.object({
      collections: z.array(
        z.object({
          collection: z.string(),
          dimensions: z.int().optional(),
          records: z.int(),
          shared: z
            .object({ app: z.string(), access: z.enum(['read', 'read-write']) })
            .optional()
            .describe('It belongs to this app and that one; what this one may do.'),
        }),
      ),
    }),
    errors,
  }),
  'collections.drop': defineMethod({
    summary: 'Delete a collection with all its records.',
    requires: 'store:write',
    params: z.strictObject({ collection: Collection }),
    result: z.object({ dropped: z.literal(true) }),
    errors,
  }),
  'collections.upsert': defineMethod({
    summary: 'Add or replace records; text without a vector is embedded by the daemon.',
    requires: 'store:write',
    mayRequire: ['embed:create'],
    params: z.strictObject({
      collection: Collection,
      records: z
        .array(
          z.strictObject({
            id: RecordId,
            text: Unicode.max(1_000_000).optional(),
            metadata: Metadata.optional(),
            vector: Vector.optional(),
          }),
        )
        .min(1)
        .max(1000),
    }),
    result: z.object({ upserted: z.int() }),
    errors,
  }),
  'collections.get': defineMethod({
    summary: 'Records by id; absent ones are left out.',
    requires: 'store:read',
    params: z.strictObject({
      collection: Collection,
      ids: z.array(RecordId).min(1).max(1000),
      vectors: z.boolean().optional().describe('Return the vectors too.'),
      encoding: z.enum(['float', 'f32']).default('float').describe('Of the vectors.'),
    }),
    result: z.object({ records: z.array(StoredRecord) }),
    errors,
  }),
  'collections.delete': defineMethod({
    summary: 'Delete records by id.',
    requires: 'store:write',
    params: z.strictObject({ collection: Collection, ids: z.array(RecordId).min(1).max(1000) }),
    result: z.object({ deleted: z.int() }),
    errors,
  }),
  'collections.search': defineMethod({
    summary: 'The best k records: `text` by meaning, `query` by words, `vector` by distance.',
    requires: 'store:read',
    mayRequire: ['embed:create'],
    params: z
      .strictObject({
        collection: Collection,
        text: z.string().min(1).max(100_000).optional(),
        query: z.string().min(1).max(10_000).optional(),
        vector: Vector.optional(),
        k: z.int().min(1).max(1000).default(10),
        filter: Filter.optional(),
        hybrid: z.boolean().optional().describe('With `text` alone: by meaning and by its words.'),
      })
      .refine(
        ({ text, vector, query }) =>
          (text !== undefined || vector !== undefined || query !== undefined) &&
          !(text !== undefined && vector !== undefined),
        'give text or vector, query, or one of the first two with query',
      ),
    result: z.object({
      hits: z.array(
        z.object({
          id: z.string(),
          score: z.number(),
          text: z.string().optional(),
          metadata: Metadata.optional(),
        }),
      ),
    }),
    errors,
  }),
};
