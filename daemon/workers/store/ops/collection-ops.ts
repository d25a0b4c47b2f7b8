import type { Filter, Result } from '@locara/protocol';
import type { Op } from './op.ts';

/** What a collection is and holds. */
export type CollectionState = Result<'collections.describe'>;

export interface UpsertRecord {
  readonly id: string;
  readonly text?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Several where the text was embedded in pieces; a search finds the record by the best of them. */
  readonly vectors?: readonly Float32Array[] | undefined;
  /** The daemon made the vectors from the text, by the model of the call; otherwise the app supplied them. */
  readonly isEmbedded?: boolean | undefined;
  /** Left out unless the stored record still has this text there in its metadata: it was replaced since it was read. */
  readonly ifStill?: { readonly path: readonly string[]; readonly text: string } | undefined;
}

export interface FoundRecord {
  readonly id: string;
  readonly text?: string;
  readonly metadata?: Record<string, unknown>;
}

/** By meaning (`vector`), by words, or by both. */
export interface SearchParams {
  readonly collection: string;
  readonly k: number;
  readonly filter?: Filter | undefined;
  readonly vector?: Float32Array | undefined;
  /** The model that made `vector`, when the daemon did. */
  readonly modelDigest?: string | undefined;
  /** Words as a user types them; no query language. */
  readonly words?: string | undefined;
  /** Of the two rankings, where both are searched; equal when absent. */
  readonly weights?: { readonly meaning: number; readonly words: number } | undefined;
  /** Cut a piece out of each hit's text around these words. */
  readonly snippetsOf?: string | undefined;
}

interface InCollection {
  readonly collection: string;
}

/** A text by the number of its record. */
interface NumberedText {
  readonly record: number;
  readonly text: string;
}

/** Records of the app, searchable by meaning and by words. Vectors are plain floats. */
export interface CollectionOps {
  createCollection: Op<
    InCollection & {
      readonly dimensions?: number | undefined;
      readonly tokenizer?: CollectionState['tokenizer'] | undefined;
      readonly partitionBy?: string | undefined;
    },
    Result<'collections.create'>
  >;
  listCollections: Op<Record<string, never>, Result<'collections.list'>>;
  describeCollection: Op<InCollection, CollectionState>;
  dropCollection: Op<InCollection, Result<'collections.drop'>>;
  upsertRecords: Op<
    InCollection & {
      readonly records: readonly UpsertRecord[];
      /** The model that made the vectors, when the daemon embedded any of them. */
      readonly modelDigest?: string | undefined;
    },
    Result<'collections.upsert'>
  >;
  getRecords: Op<
    InCollection & { readonly ids: readonly string[]; readonly vectors?: boolean | undefined },
    { readonly records: readonly (FoundRecord & { readonly vectors?: readonly Float32Array[] })[] }
  >;
  deleteRecords: Op<
    InCollection & { readonly ids: readonly string[] },
    Result<'collections.delete'>
  >;
  searchRecords: Op<SearchParams, Result<'collections.search'>>;
  explainSearch: Op<SearchParams, Result<'collections.explain'>>;
  exportRecords: Op<
    InCollection & { readonly after?: string | undefined; readonly vectors?: boolean | undefined },
    {
      /** Whole lines; some 512 Ki characters, more where one record is longer. */
      readonly jsonl: string;
      readonly records: number;
      /** Behind the last of them. */
      readonly cursor: string;
      /** There was none any more. */
      readonly isLast: boolean;
    }
  >;
  readTexts: Op<
    InCollection,
    {
      /** The next ones to embed anew; none when all are. */
      readonly texts: readonly NumberedText[];
      /** The record they come after. */
      readonly after: number;
      readonly modelDigest: string | undefined;
      /** Of the model by which they are being embedded anew. */
      readonly pendingDigest: string | undefined;
    }
  >;
  countTexts: Op<InCollection, { readonly total: number; readonly done: number }>;
  writeVectors: Op<
    InCollection & {
      readonly modelDigest: string;
      readonly dimensions: number;
      /** As it was read with them. */
      readonly after: number;
      readonly batch: readonly (NumberedText & { readonly vectors: readonly Float32Array[] })[];
    },
    { readonly written: number }
  >;
  finishReembedding: Op<
    InCollection & { readonly modelDigest: string },
    /** Not while texts are left, nor by another model than the one that began. */
    { readonly isFinished: boolean }
  >;
}
