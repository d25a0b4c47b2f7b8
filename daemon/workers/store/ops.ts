import type { CollectionOps } from './ops/collection-ops.ts';
import type { CopyOps } from './ops/copy-ops.ts';
import type { ExportOps } from './ops/export-ops.ts';
import type { OpeningOps } from './ops/opening-ops.ts';
import type { SqlOps } from './ops/sql-ops.ts';
import type { WallOps } from './ops/wall-ops.ts';

/** One app's store. The keys are random, of this store alone, and live only in the two processes. */
export interface StoreStart {
  /** Absolute path of the database file; its folder exists. */
  readonly path: string;
  /** 32 bytes each: the key in force, then the one of a rotation that did not end. The first that opens the file is used. */
  readonly keys: readonly Uint8Array[];
  readonly quotaBytes: number;
  /** The last generation the daemon has on record; a file with an older one was put back. */
  readonly generation: number;
  /** The user takes the file that is there, older or not; it counts on from the generation on record. */
  readonly acceptsOlder?: boolean;
}

/** The operations of the store worker, by what they are about. */
export type StoreOps = SqlOps & CollectionOps & OpeningOps & CopyOps & ExportOps & WallOps;
