import type { Filter, Params, Result, SqlParams } from '@locara/protocol';

/** One app's store. The key is random, of this store alone, and lives only in the two processes. */
export interface StoreStart {
  /** Absolute path of the database file; its folder exists. */
  readonly path: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly quotaBytes: number;
}

/** A statement of the app’s, as it came. */
export interface SqlStatement {
  readonly sql: string;
  readonly params?: SqlParams | undefined;
}

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
  readonly vector?: Float32Array | undefined;
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

interface Op<P, R> {
  params: P;
  chunk: never;
  result: R;
}

/** The operations of the store worker. Values are in their wire shapes; vectors are plain floats. */
export interface StoreOps {
  exec: Op<SqlStatement, Result<'db.exec'>>;
  query: Op<
    SqlStatement & { readonly limit: number; readonly cursor?: string | undefined },
    Result<'db.query'>
  >;
  batch: Op<{ readonly statements: readonly SqlStatement[] }, Result<'db.batch'>>;
  /** With `schemaOnly`, a statement that reads or changes rows is refused with CapabilityDenied. */
  migrate: Op<
    Params<'db.migrate'> & { readonly schemaOnly?: boolean | undefined },
    Result<'db.migrate'>
  >;
  describeStore: Op<Record<string, never>, Result<'db.info'>>;
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
    { readonly records: readonly (FoundRecord & { readonly vector?: Float32Array })[] }
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
