import * as z from 'zod';
import { defineMethod } from '../method.ts';
import {
  Collection,
  CollectionState,
  Hit,
  NewRecord,
  RecordId,
  SEARCH_FIELDS,
  SEARCH_RULE,
  StoredRecord,
  Tokenizer,
  isSearch,
} from './collection-shapes.ts';
import { PipelineEffect, UpsertPipeline } from './pipeline-shapes.ts';

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
      tokenizer: Tokenizer.default('unicode61').describe(
        'How texts are cut into words: whole words, English words by their stems, or any three characters (parts of words, languages without spaces; a word of a query needs three).',
      ),
      partitionBy: z
        .string()
        .min(1)
        .max(128)
        .optional()
        .describe(
          'A metadata field that most filters fix with `eq` or `in`: such searches look at its records alone. It holds one scalar.',
        ),
    }),
    result: z.object({
      collection: z.string(),
      dimensions: z.int().optional(),
      tokenizer: Tokenizer,
      partitionBy: z.string().optional(),
    }),
    errors,
  }),
  'collections.list': defineMethod({
    summary: 'The collections of this app.',
    requires: 'store:read',
    params: z.strictObject({}),
    result: z.object({ collections: z.array(CollectionState) }),
    errors,
  }),
  'collections.describe': defineMethod({
    summary: 'What one collection holds.',
    requires: 'store:read',
    params: z.strictObject({ collection: Collection }),
    result: CollectionState,
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
        .array(NewRecord)
        .min(1)
        .max(1000)
        .describe('Of several with one id, the last counts.'),
      pipeline: UpsertPipeline.optional(),
    }),
    result: z.object({
      upserted: z.int(),
      privacy: PipelineEffect.optional().describe('What the pipeline did.'),
    }),
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
    params: z.strictObject(SEARCH_FIELDS).refine(isSearch, SEARCH_RULE),
    result: z.object({ hits: z.array(Hit) }),
    errors,
  }),
  'collections.explain': defineMethod({
    summary: 'How the same search is carried out: which index, how much of it, and why.',
    requires: 'store:read',
    mayRequire: ['embed:create'],
    params: z.strictObject(SEARCH_FIELDS).refine(isSearch, SEARCH_RULE),
    result: z.object({
      filter: z
        .object({
          matches: z.int().describe('Records that it lets through.'),
          partition: z
            .object({ field: z.string(), values: z.int() })
            .optional()
            .describe('Only the records with this many values of the field were looked at.'),
        })
        .optional(),
      meaning: z
        .object({
          method: z.enum(['exact', 'quantized']),
          reason: z.string(),
          vectors: z.int().describe('In the collection.'),
          scanned: z.int().describe('Compared as bits; 0 when exact.'),
          rescored: z.int().describe('Compared as floats.'),
          found: z.int(),
        })
        .optional(),
      words: z
        .object({
          tokenizer: Tokenizer,
          terms: z.int().describe('Words of the query that are looked for; any of them may match.'),
          found: z.int(),
        })
        .optional(),
      fusion: z
        .object({
          method: z.literal('reciprocal-rank'),
          depth: z.int().describe('Records of each ranking that are fused.'),
          weights: z.object({ meaning: z.number(), words: z.number() }),
        })
        .optional(),
      hits: z.int(),
    }),
    errors,
  }),
  'collections.reembed': defineMethod({
    summary:
      'Embed all texts anew with the model that the app pins now, and then search by these vectors.',
    requires: ['store:write', 'embed:create'],
    params: z.strictObject({ collection: Collection }),
    chunk: z.object({ done: z.int(), total: z.int() }),
    result: z.object({
      reembedded: z
        .int()
        .describe('By this call; less than all where an earlier one was cut short.'),
      modelDigest: z.string().optional(),
      dimensions: z.int().optional(),
    }),
    errors,
  }),
  'collections.export': defineMethod({
    summary: 'All records as JSON Lines, in pieces; `after` goes on where an earlier call ended.',
    requires: 'store:read',
    params: z.strictObject({
      collection: Collection,
      after: z.string().max(256).optional().describe('A `cursor` of this collection.'),
      vectors: z
        .boolean()
        .optional()
        .describe('With their vectors; without, an import embeds the texts anew.'),
    }),
    chunk: z.object({
      jsonl: z.string().describe('The next piece of the file, at most 512 Ki characters.'),
      records: z.int().describe('That end in this piece.'),
      cursor: z
        .string()
        .optional()
        .describe('Where to go on after this piece; absent where it ends within a line.'),
    }),
    result: z.object({
      records: z.int(),
      cursor: z.string().optional().describe('Behind the last record: finds those added later.'),
    }),
    errors,
  }),
  'collections.import': defineMethod({
    summary: 'Add or replace records from JSON Lines in a committed blob, one `NewRecord` a line.',
    requires: 'store:write',
    mayRequire: ['embed:create'],
    params: z.strictObject({
      collection: Collection,
      blob: z.string().max(128),
      offset: z
        .int()
        .min(0)
        .default(0)
        .describe('Bytes to leave out: the `offset` an earlier call came to.'),
    }),
    chunk: z.object({
      imported: z.int().describe('Records so far, by this call.'),
      offset: z.int().describe('Everything before this byte is stored.'),
    }),
    result: z.object({ imported: z.int(), offset: z.int() }),
    errors,
  }),
};
