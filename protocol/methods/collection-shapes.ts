import * as z from 'zod';
import { Unicode, Vector } from '../values.ts';

export const Collection = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and -; at most 63');
export const RecordId = Unicode.min(1).max(256);
export const Metadata = z.record(z.string().max(128), z.unknown());

type Json = string | number | boolean | null;
const Scalar: z.ZodType<Json> = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/**
 * `{field:{eq|in|gt|gte|lt|lte|exists}}`, `{and|or:[…]}`, `{not}`. Values compare within their own type;
 * `eq` and `in` also match where the field is an array that holds such a scalar.
 */
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

/** Why a record has no text and only some of its metadata: a pipeline sealed it. */
const SealedMark = z
  .object({
    database: z.string(),
    reason: z
      .enum(['locked', 'no_key', 'damaged'])
      .describe('Unlock the database; its key was deleted; it is not what was sealed.'),
  })
  .meta({ id: 'SealedMark' });

export const StoredRecord = z
  .object({
    id: RecordId,
    text: z.string().optional(),
    metadata: Metadata.optional(),
    vector: Vector.optional().describe('The first of its vectors.'),
    vectors: z.array(Vector).optional().describe('All of them, where there are several.'),
    sealed: SealedMark.optional(),
  })
  .meta({ id: 'Record' });

/** A record as an app hands it in, in a call or as a line of a file. */
export const NewRecord = z
  .strictObject({
    id: RecordId,
    text: Unicode.max(1_000_000).optional(),
    metadata: Metadata.optional(),
    vector: Vector.optional(),
    vectors: z
      .array(Vector)
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Several: a search finds the record by the best. With `vector`, that is the first.',
      ),
  })
  .meta({ id: 'NewRecord' });
export type NewRecord = z.output<typeof NewRecord>;

export const Tokenizer = z.enum(['unicode61', 'porter', 'trigram']);

export const CollectionState = z
  .object({
    collection: z.string(),
    dimensions: z.int().optional(),
    tokenizer: Tokenizer,
    partitionBy: z.string().optional(),
    records: z.int(),
    vectors: z.int(),
    modelDigest: z
      .string()
      .optional()
      .describe('Of the model that embedded the texts; absent while the daemon embedded none.'),
    reembedding: z
      .object({ modelDigest: z.string() })
      .optional()
      .describe('A `collections.reembed` that has not ended: call it again.'),
    shared: z
      .object({ app: z.string(), access: z.enum(['read', 'read-write']) })
      .optional()
      .describe('It belongs to this app and that one; what this one may do.'),
  })
  .meta({ id: 'Collection' });

export const SEARCH_FIELDS = {
  collection: Collection,
  text: z.string().min(1).max(100_000).optional(),
  query: z.string().min(1).max(10_000).optional(),
  vector: Vector.optional(),
  k: z.int().min(1).max(1000).default(10),
  filter: Filter.optional(),
  hybrid: z.boolean().optional().describe('With `text` alone: by meaning and by its words.'),
  weights: z
    .strictObject({
      meaning: z.number().min(0).max(1000).default(1),
      words: z.number().min(0).max(1000).default(1),
    })
    .refine(({ meaning, words }) => meaning + words > 0, 'one weight must be more than 0')
    .optional()
    .describe('Of the two rankings, where a search has both.'),
  snippets: z
    .boolean()
    .optional()
    .describe("Return a piece of each hit's text, with the places of the words in it."),
};

export const isSearch = ({ text, vector, query }: Readonly<Record<string, unknown>>): boolean =>
  (text !== undefined || vector !== undefined || query !== undefined) &&
  !(text !== undefined && vector !== undefined);
export const SEARCH_RULE = 'give text or vector, query, or one of the first two with query';

export const Hit = z.object({
  id: z.string(),
  score: z
    .number()
    .describe('By meaning the cosine similarity, by words BM25, by both the fused rank.'),
  scores: z
    .object({ meaning: z.number().optional(), words: z.number().optional() })
    .optional()
    .describe('Where both rankings were searched: what each gave this record, if it found it.'),
  text: z.string().optional(),
  metadata: Metadata.optional(),
  sealed: SealedMark.optional(),
  snippet: z
    .object({
      text: z.string(),
      marks: z
        .array(z.object({ start: z.int(), end: z.int() }))
        .describe('Where the words stand in `text`, in UTF-16 units, in order.'),
    })
    .optional(),
});
