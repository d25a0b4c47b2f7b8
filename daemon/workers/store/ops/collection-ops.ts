import type { Filter, Result } from '@locara/protocol';
import type { Op } from './op.ts';

/** What vectors a collection holds. */
export interface CollectionState {
  readonly collection: string;
  readonly dimensions?: number;
  /** `sha256:<hex>` of the model that embedded its texts; absent while there are none. */
  readonly modelDigest?: string;
}

export interface UpsertRecord {
  readonly id: string;
  readonly text?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Several where the text was embedded in pieces; a search finds the record by the best of them. */
  readonly vectors?: readonly Float32Array[] | undefined;
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
}

/** Records of the app, searchable by meaning and by words. Vectors are plain floats. */
export interface CollectionOps {
  createCollection: Op<
    { readonly collection: string; readonly dimensions?: number | undefined },
    Result<'collections.create'>
  >;
  listCollections: Op<Record<string, never>, Result<'collections.list'>>;
  describeCollection: Op<{ readonly collection: string }, CollectionState>;
  dropCollection: Op<{ readonly collection: string }, Result<'collections.drop'>>;
  upsertRecords: Op<
    {
      readonly collection: string;
      readonly records: readonly UpsertRecord[];
      /** The model that made the vectors, when the daemon embedded any of them. */
      readonly modelDigest?: string | undefined;
    },
    Result<'collections.upsert'>
  >;
  getRecords: Op<
    {
      readonly collection: string;
      readonly ids: readonly string[];
      readonly vectors?: boolean | undefined;
    },
    { readonly records: readonly (FoundRecord & { readonly vectors?: readonly Float32Array[] })[] }
  >;
  deleteRecords: Op<
    { readonly collection: string; readonly ids: readonly string[] },
    Result<'collections.delete'>
  >;
  searchRecords: Op<
    SearchParams,
    { readonly hits: readonly (FoundRecord & { readonly score: number })[] }
  >;
}
