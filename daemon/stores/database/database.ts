import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, {
  type Database as SqliteDatabase,
  type Statement,
} from 'better-sqlite3-multiple-ciphers';
import { getLoadablePath } from 'sqlite-vec';
import { createPrivateFile } from '../../files/durable-files.ts';
import {
  forbidden,
  missing,
  toStoreError,
  type SqlStage,
  type StoreUsage,
} from './store-errors.ts';
import { createReaders, type Readers, type RowReader } from './row-reader.ts';
import { isAllowedFunction } from './sql-functions.ts';
import type { BoundParams, StoredValue } from './stored-value.ts';

const KEY_BYTES = 32;
const CACHE_KIB = 64 * 1024;
const MAX_WAL_BYTES = 16 * 1024 * 1024;
/** How much of the log is copied into the file at once: each page of it is encrypted once more. */
const CHECKPOINT_PAGES = MAX_WAL_BYTES / 4096;
const BUSY_TIMEOUT_MS = 2000;
const LOW_DISK_BYTES = 1024 * 1024;
/** A file beside the database, once there is one: tells a store that is new from one that is lost. */
const CREATED_SUFFIX = '-created';

export interface OpenOptions {
  /** Absolute path of the file; its folder exists. */
  readonly path: string;
  /** 32 random bytes of this store alone. */
  readonly key: Uint8Array;
  readonly quotaBytes: number;
}

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

/** An open encrypted store. Every failure is an RpcError without SQL or values in it. */
export interface StoreDatabase {
  /** Compiles exactly one statement. */
  prepare(sql: string): StoreStatement;
  /** All of `work` or nothing; without foreign keys only where a whole schema is rebuilt. */
  transaction<T>(work: () => T, options?: { readonly foreignKeys: boolean }): T;
  usage(): StoreUsage;
  /** Ends every reader that is still open, as each write does: SQLite's own library refuses to write beside one. */
  readonly endReading: () => void;
  readonly close: () => void;
}

/**
 * Opens or creates a SQLCipher 4 database: raw key, WAL, every commit on disk before it is
 * acknowledged, nothing temporary on disk, quota as `max_page_count`. Throws Unavailable when the
 * key does not fit, or the file is damaged or lost: never is a new one made in its place.
 */
export function openStoreDatabase(options: OpenOptions): StoreDatabase {
  if (options.key.length !== KEY_BYTES) throw new Error('a store key has 32 bytes');
  const usage = (): StoreUsage => ({
    usedBytes: 0,
    limitBytes: options.quotaBytes,
    isDiskFull: isDiskLow(options.path),
  });
  assertNotLost(options.path);
  let sqlite: SqliteDatabase | undefined;
  try {
    sqlite = new Sqlite(options.path, { timeout: BUSY_TIMEOUT_MS });
    unlock(sqlite, options.key);
    configure(sqlite, options.quotaBytes);
    restrictFunctions(sqlite);
    markCreated(options.path);
  } catch (error) {
    sqlite?.close();
    throw toStoreError(error, { stage: 'open', usage });
  }
  return wrapDatabase(sqlite, options);
}

function assertNotLost(path: string): void {
  if (countBytes(path) > 0) return;
  if (existsSync(`${path}${CREATED_SUFFIX}`) || countBytes(`${path}-wal`) > 0) throw missing();
}

function markCreated(path: string): void {
  const mark = `${path}${CREATED_SUFFIX}`;
  if (countBytes(path) > 0 && !existsSync(mark)) createPrivateFile(mark, new Uint8Array());
}

function countBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function unlock(sqlite: SqliteDatabase, key: Uint8Array): void {
  sqlite.pragma("cipher = 'sqlcipher'");
  sqlite.pragma('legacy = 4');
  sqlite.pragma(`key = "x'${Buffer.from(key).toString('hex')}'"`);
  // The first read is what proves the key.
  sqlite.prepare('SELECT count(*) FROM sqlite_schema').get();
}

function configure(sqlite: SqliteDatabase, quotaBytes: number): void {
  // One connection alone: no shared-memory file, and no second process can change the file.
  sqlite.pragma('locking_mode = EXCLUSIVE');
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('synchronous = FULL');
  sqlite.pragma('temp_store = MEMORY');
  sqlite.pragma('foreign_keys = ON');
  sqlite.pragma('trusted_schema = OFF');
  sqlite.pragma('cell_size_check = ON');
  sqlite.pragma('recursive_triggers = OFF');
  sqlite.pragma(`journal_size_limit = ${MAX_WAL_BYTES}`);
  sqlite.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  sqlite.pragma(`cache_size = -${CACHE_KIB}`);
  const pageBytes = Number(sqlite.pragma('page_size', { simple: true }));
  sqlite.pragma(`max_page_count = ${Math.max(1, Math.floor(quotaBytes / pageBytes))}`);
  sqlite.loadExtension(getLoadablePath());
}

/** Replaces every SQL function that is not known to be harmless by one that refuses. */
function restrictFunctions(sqlite: SqliteDatabase): void {
  const functions = sqlite.prepare('SELECT DISTINCT name, narg FROM pragma_function_list').all();
  for (const { name, narg } of functions as { name: string; narg: number }[]) {
    if (isAllowedFunction(name)) continue;
    const refuse = (): never => {
      throw forbidden('this function');
    };
    if (narg >= 0) Object.defineProperty(refuse, 'length', { value: narg });
    sqlite.function(name, { varargs: narg < 0, directOnly: true }, refuse);
  }
}

function wrapDatabase(sqlite: SqliteDatabase, options: OpenOptions): StoreDatabase {
  const pragma = (name: string): number => Number(sqlite.pragma(name, { simple: true }));
  const usage = (): StoreUsage => ({
    usedBytes: (pragma('page_count') - pragma('freelist_count')) * pragma('page_size'),
    limitBytes: options.quotaBytes,
    isDiskFull: isDiskLow(options.path),
  });
  const guarded = <T>(stage: SqlStage, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw toStoreError(error, { stage, usage });
    }
  };
  // What is written to a file that was deleted meanwhile would be acknowledged and gone.
  const { ino } = statSync(options.path);
  const assertInPlace = (): void => {
    if (statSync(options.path, { throwIfNoEntry: false })?.ino !== ino) throw missing();
  };
  const readers = createReaders((error) => toStoreError(error, { stage: 'run', usage }));
  return {
    prepare: (sql) =>
      wrapStatement(
        sqlite,
        guarded('prepare', () => sqlite.prepare(sql)),
        { guarded, assertInPlace, readers },
      ),
    transaction: (work, { foreignKeys } = { foreignKeys: true }) => {
      readers.endAll();
      assertInPlace();
      return runTransaction(sqlite, guarded, { work, foreignKeys });
    },
    usage,
    endReading: readers.endAll,
    close: () => {
      readers.endAll();
      sqlite.close();
    },
  };
}

/** Runs `work`; what SQLite throws becomes an RpcError. */
type Guarded = <T>(stage: SqlStage, work: () => T) => T;

function runTransaction<T>(
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

interface StatementChecks {
  readonly guarded: Guarded;
  /** Throws Unavailable when the database file is not where it was. */
  readonly assertInPlace: () => void;
  readonly readers: Readers;
}

function wrapStatement(
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

function assertForeignKeys(sqlite: SqliteDatabase): void {
  if (sqlite.prepare('PRAGMA foreign_key_check').all().length === 0) return;
  throw Object.assign(new Error(), { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
}

function isDiskLow(path: string): boolean {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize < LOW_DISK_BYTES;
}
