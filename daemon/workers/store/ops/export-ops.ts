import type { Op } from './op.ts';

/** What a store holds, for its user. */
export interface StoreContents {
  /** What counts against the quota. */
  readonly usedBytes: number;
  readonly schemaVersion: number;
  /** The app's own tables; without a number where one cannot be read. */
  readonly tables: { readonly name: string; readonly rows?: number }[];
  readonly collections: {
    readonly name: string;
    readonly records: number;
    readonly dimensions?: number;
    readonly modelDigest?: string;
    readonly tokenizer?: string;
  }[];
}

/** What is written of the store: rows as JSON Lines, or a database, encrypted or not. */
export type ExportForm = 'jsonl' | 'sqlcipher' | 'sqlite';

/** The user's view of a store, and the way out of it. One export at a time: its pieces are asked for one by one. */
export interface ExportOps {
  describeUse: Op<
    Record<string, never>,
    { readonly usedBytes: number; readonly limitBytes: number }
  >;
  describeContents: Op<Record<string, never>, StoreContents>;
  /** Takes a copy of this moment, under a key of its own, and checks it. Throws Busy while another export runs. */
  beginExport: Op<
    {
      /** Of the caller: names the export to the other operations. */
      readonly id: string;
      readonly form: ExportForm;
      /** 32 bytes, of the copy alone. */
      readonly key: Uint8Array;
    },
    /** Of the file; unknown of JSON Lines. */
    { readonly totalBytes?: number }
  >;
  /** At most a MiB. Throws NotFound when the process was started anew since. */
  readExport: Op<
    { readonly id: string },
    { readonly piece: Uint8Array; readonly isLast: boolean; readonly unreadable: readonly string[] }
  >;
  /** Removes the copy; also what an export that was cut off left. */
  endExport: Op<{ readonly id: string }, Record<string, never>>;
}
