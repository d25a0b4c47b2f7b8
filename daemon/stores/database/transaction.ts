import type { Database as SqliteDatabase } from 'better-sqlite3-multiple-ciphers';
import type { Guarded } from './store-errors.ts';

/** All of `work` or nothing; without foreign keys they are checked once, before the commit. */
export function runTransaction<T>(
  sqlite: SqliteDatabase,
  guarded: Guarded,
  { work, foreignKeys }: { readonly work: () => T; readonly foreignKeys: boolean },
): T {
  const execute = (sql: string): void => {
    guarded('run', () => sqlite.exec(sql));
  };
  if (!foreignKeys) execute('PRAGMA foreign_keys = OFF');
  try {
    execute('BEGIN IMMEDIATE');
    const result = work();
    if (!foreignKeys) {
      guarded('run', () => {
        assertForeignKeys(sqlite);
      });
    }
    execute('COMMIT');
    return result;
  } finally {
    // Some failures, a full disk among them, have already rolled back.
    if (sqlite.inTransaction) execute('ROLLBACK');
    if (!foreignKeys) execute('PRAGMA foreign_keys = ON');
  }
}

function assertForeignKeys(sqlite: SqliteDatabase): void {
  if (sqlite.prepare('PRAGMA foreign_key_check').all().length === 0) return;
  throw Object.assign(new Error(), { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
}
