import type { Database as SqliteDatabase, Statement } from 'better-sqlite3-multiple-ciphers';
import type { Readers, RowReader } from './row-reader.ts';
import type { Guarded } from './store-errors.ts';
import type { BoundParams, StoredValue } from './stored-value.ts';

/** One compiled statement. Integers come back as bigint. */
export interface StoreStatement {
  /** SQLite's own opinion; true for ATTACH and PRAGMA too, so never the only check. */
  readonly isReadonly: boolean;
  readonly columns: readonly string[];
  run(params?: BoundParams): { readonly changes: number; readonly lastInsertRowid: bigint };
  /** The first row alone. */
  first(params?: BoundParams): readonly StoredValue[] | undefined;
  /** The rows one by one; leaving the loop early ends the statement. */
  rows(params?: BoundParams): Generator<readonly StoredValue[], void, void>;
  /** The rows at the caller's own pace. The statement runs no second time before the reader has ended. */
  read(params?: BoundParams): RowReader;
}

interface StatementChecks {
  readonly guarded: Guarded;
  /** Throws Unavailable when the database file is not where it was. */
  readonly assertInPlace: () => void;
  readonly readers: Readers;
}

/** A compiled statement as the rest of the store sees it: arrays of values, integers as bigint, our errors. */
export function wrapStatement(
  sqlite: SqliteDatabase,
  statement: Statement,
  checks: StatementChecks,
): StoreStatement {
  const { guarded, assertInPlace, readers } = checks;
  if (statement.reader) statement.raw(true);
  statement.safeIntegers(true);
  const read = (params: BoundParams = []): RowReader =>
    readers.open(() => statement.iterate(params) as IterableIterator<readonly StoredValue[]>);
  function* rows(params: BoundParams = []): Generator<readonly StoredValue[], void, void> {
    const reader = read(params);
    try {
      for (let row = reader.next(); row !== undefined; row = reader.next()) yield row;
    } finally {
      reader.end();
    }
  }
  return {
    isReadonly: statement.readonly,
    columns: statement.reader ? statement.columns().map(({ name }) => name) : [],
    rows,
    read,
    first: (params = []) =>
      guarded('run', () => statement.get(params)) as readonly StoredValue[] | undefined,
    run: (params = []) => {
      readers.endAll();
      if (!statement.readonly && !sqlite.inTransaction) assertInPlace();
      if (!statement.reader) {
        const { changes, lastInsertRowid } = guarded('run', () => statement.run(params));
        return { changes, lastInsertRowid: BigInt(lastInsertRowid) };
      }
      Array.from(rows(params));
      const last = sqlite.prepare('SELECT last_insert_rowid(), changes()').safeIntegers(true);
      const [lastInsertRowid = 0n, changes = 0n] = last.raw(true).get() as bigint[];
      return { changes: statement.readonly ? 0 : Number(changes), lastInsertRowid };
    },
  };
}
