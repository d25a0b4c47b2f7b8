import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { openStoreCopy, type StoreDatabase } from '../database/database.ts';
import { isUnreadable, readCheck } from '../database/integrity.ts';
import { damaged } from '../database/store-errors.ts';
import { isRegularFile } from '../database/swap.ts';
import { cloneFile, withScratch } from './copy-files.ts';

/**
 * Looks into a file that is not served, by a clone of it and its log: nothing that SQLite does to mend what
 * it opens touches the evidence. Throws Unavailable (`store_damaged`) where nothing can be opened.
 */
export function inspectDamaged<T>(
  { path, keys }: { readonly path: string; readonly keys: readonly Uint8Array[] },
  work: (clone: StoreDatabase) => T,
): T {
  if (!isRegularFile(path)) throw damaged();
  return withScratch(dirname(path), (scratch) => {
    cloneFile(path, scratch);
    const log = `${path}-wal`;
    if (existsSync(log) && isRegularFile(log)) cloneFile(log, `${scratch}-wal`);
    const clone = openByAnyKey(scratch, keys);
    try {
      return work(clone);
    } finally {
      clone.close();
    }
  });
}

function openByAnyKey(path: string, keys: readonly Uint8Array[]): StoreDatabase {
  for (const key of keys) {
    try {
      return openStoreCopy({ path, key, isWritable: true });
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
  }
  throw damaged();
}

/** The whole check of SQLite's, and references between tables. */
export function listProblems(database: StoreDatabase): string[] {
  const problems = readCheck(database, 'PRAGMA integrity_check(100)');
  return [...problems, ...listDangling(database)];
}

function listDangling(database: StoreDatabase): string[] {
  try {
    return database
      .maintain('SELECT "table", count(*) FROM pragma_foreign_key_check GROUP BY 1 LIMIT 100')
      .map(
        ([table, rows]) =>
          `${String(rows)} rows of ${String(table)} refer to a row that is not there.`,
      );
  } catch (error) {
    if (isUnreadable(error)) return [];
    throw error;
  }
}
