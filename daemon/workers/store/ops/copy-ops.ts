import type { Backup } from '../../../stores/copies/backups.ts';
import type { Op } from './op.ts';

/** What a store's file holds, and what of it cannot be read. Names, counts and places; never a value. */
export interface StoreCheck {
  /** `rolled_back`: an older file was put in its place. `unavailable`: another reason, named in `problems`. */
  readonly state: 'whole' | 'damaged' | 'missing' | 'rolled_back' | 'unavailable';
  readonly problems: readonly string[];
  /** The app's own tables; `rows` can be read. */
  readonly tables: readonly {
    readonly name: string;
    readonly rows: number;
    readonly isWhole: boolean;
  }[];
  readonly collections: readonly {
    readonly name: string;
    readonly records: number;
    readonly isWhole: boolean;
  }[];
}

/** Copies of a store, and what is done about a damaged one. All of it happens on the store's own turn. */
export interface CopyOps {
  createBackup: Op<{ readonly isOptedIn: boolean }, Backup>;
  /** The daily copy, where the app asks for backups and none of the last day is there; removes what is kept no longer. */
  tendBackups: Op<{ readonly isOptedIn: boolean }, { readonly backup?: Backup }>;
  /** Newest first. */
  listBackups: Op<Record<string, never>, { readonly backups: readonly Backup[] }>;
  /**
   * Puts a backup (an id, or `latest`) in the store's place, whole or not at all. What was there is kept: a
   * backup of it (`saved`), or, on the user's word alone, its damaged file (`keptDamaged`); neither of a file
   * that is gone.
   */
  restoreBackup: Op<
    { readonly backup: string; readonly onUsersWord?: boolean | undefined },
    {
      readonly restored: string;
      readonly schemaVersion: number;
      readonly saved?: string;
      readonly keptDamaged?: true;
    }
  >;
  /**
   * The store and its backups under another key, all of them or none. Killed anywhere, the next opening
   * finds out by trying both keys; `rotateKey` with the same key may then be called again.
   */
  rotateKey: Op<{ readonly key: Uint8Array }, { readonly rotated: true }>;
  checkStore: Op<Record<string, never>, StoreCheck>;
  /**
   * One page of what can still be read, as lines of JSON; `gaps` counts the places that could not be. Ask
   * again with `next` as the cursor.
   */
  salvage: Op<
    { readonly cursor?: string | undefined },
    { readonly lines: readonly string[]; readonly gaps: number; readonly next?: string }
  >;
}
