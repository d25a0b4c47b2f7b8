import Sqlite, { type Database as SqliteDatabase } from 'better-sqlite3-multiple-ciphers';
import { getLoadablePath } from 'sqlite-vec';
import { loadNativeSqlite, type NativeSqlite } from './guard/native-sqlite.ts';
import { guardStatements, NO_GUARD, type StatementGuard } from './guard/statement-guard.ts';
import { createReaders } from './row-reader.ts';
import { isAllowedFunction } from './sql-functions.ts';
import { type StoreStatement, wrapStatement } from './statement.ts';
import { forbidden, toStoreError, type Guarded, type StoreUsage } from './store-errors.ts';
import { assertNotLost, isDiskLow, markCreated, watchPlace } from './store-file.ts';
import type { BoundParams, StoredValue } from './stored-value.ts';
import { withRoom } from './room.ts';
import { runTransaction } from './transaction.ts';

const KEY_BYTES = 32;
const CACHE_KIB = 64 * 1024;
const MAX_WAL_BYTES = 16 * 1024 * 1024;
/** How much of the log is copied into the file at once: each page of it is encrypted once more. */
const CHECKPOINT_PAGES = MAX_WAL_BYTES / 4096;
const BUSY_TIMEOUT_MS = 2000;

export interface OpenOptions {
  /** Absolute path of the file; its folder exists. */
  readonly path: string;
  /** 32 random bytes of this store alone. */
  readonly key: Uint8Array;
  readonly quotaBytes: number;
  /** How SQLite's C interface is found; a store opens without it, but runs no SQL of its app. */
  readonly loadNative?: (extensionPath: string) => NativeSqlite;
}

/** An open encrypted store. Every failure is an RpcError without SQL or values in it. */
export interface StoreDatabase {
  /** Compiles exactly one statement. */
  prepare(sql: string): StoreStatement;
  /**
   * Compiles and runs within `work` what an app wrote: SQLite itself then refuses all that an app may not.
   * Nothing may be left running. Throws Unavailable (`not_confined`) where SQLite cannot be asked to.
   */
  readonly asApp: <T>(work: () => T) => T;
  /** Whether `asApp` works here. */
  readonly isGuarded: boolean;
  /** All of `work` or nothing; without foreign keys only where a whole schema is rebuilt. */
  transaction<T>(work: () => T, options?: { readonly foreignKeys: boolean }): T;
  /**
   * Runs what makes room: deleting leaves marks, so it may take a few pages more than the quota. With
   * `beyond: 'file'` also where the file is larger than the quota: for the daemon's own statements alone.
   */
  makeRoom<T>(work: () => T, options?: { readonly beyond: 'quota' | 'file' }): T;
  usage(): StoreUsage;
  /** Ends every reader that is still open, as each write does: SQLite's own library refuses to write beside one. */
  readonly endReading: () => void;
  /** A statement of the daemon's own that no app may run: PRAGMA, VACUUM INTO. All of its rows. */
  maintain(sql: string, params?: BoundParams): readonly (readonly StoredValue[])[];
  /** Of the file. */
  readonly path: string;
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
    const { opened, guard } = openGuardable(options);
    sqlite = opened;
    unlock(sqlite, options.key);
    configure(sqlite, options.quotaBytes);
    restrictFunctions(sqlite);
    markCreated(options.path);
    return wrapDatabase(sqlite, options, guard());
  } catch (error) {
    sqlite?.close();
    throw toStoreError(error, { stage: 'open', usage });
  }
}

/** Opens the file; `guard`, once it is unlocked, answers NO_GUARD where this SQLite cannot be guarded. */
function openGuardable({ path, loadNative = loadNativeSqlite }: OpenOptions): {
  readonly opened: SqliteDatabase;
  readonly guard: () => StatementGuard;
} {
  const open = (): SqliteDatabase => new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
  const native = orUndefined(() => {
    // The library fills in its table of functions when a database loads it, and is unloaded with the last one.
    const scratch = new Sqlite(':memory:');
    try {
      scratch.loadExtension(getLoadablePath());
      return loadNative(getLoadablePath());
    } finally {
      scratch.close();
    }
  });
  if (native === undefined) return { opened: open(), guard: () => NO_GUARD };
  const { opened, handle } = native.captureHandle(open);
  const guarded = {
    path,
    readColumn: (sql: string) => opened.prepare(sql).pluck().all() as string[],
    compile: (sql: string) => void opened.prepare(sql),
  };
  return {
    opened,
    guard: () => orUndefined(() => guardStatements(native, handle, guarded)) ?? NO_GUARD,
  };
}

/** A copy of a store, opened beside it. */
export interface CopyOptions {
  readonly path: string;
  readonly key: Uint8Array;
  readonly isWritable: boolean;
}

/**
 * Opens a copy to look at it or to prepare it: it keeps its journal mode, has no quota, runs nothing of an
 * app's, and is never made. Throws Unavailable when the key does not fit.
 */
export function openStoreCopy(options: CopyOptions): StoreDatabase {
  let sqlite: SqliteDatabase | undefined;
  try {
    const readonly = !options.isWritable;
    sqlite = new Sqlite(options.path, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    unlock(sqlite, options.key);
    protect(sqlite);
    sqlite.loadExtension(getLoadablePath());
    restrictFunctions(sqlite);
  } catch (error) {
    sqlite?.close();
    const usage = () => ({ usedBytes: 0, limitBytes: 0, isDiskFull: isDiskLow(options.path) });
    throw toStoreError(error, { stage: 'open', usage });
  }
  return wrapDatabase(sqlite, { path: options.path, quotaBytes: 0 }, NO_GUARD);
}

/** Without a guard a store still keeps what its typed methods are given. */
function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function unlock(sqlite: SqliteDatabase, key: Uint8Array): void {
  sqlite.pragma("cipher = 'sqlcipher'");
  sqlite.pragma('legacy = 4');
  sqlite.pragma(`key = "x'${Buffer.from(key).toString('hex')}'"`);
  // The first read is what proves the key.
  sqlite.prepare('SELECT count(*) FROM sqlite_schema').get();
}

/** What holds for every file that is opened: nothing temporary on disk, no trust in its schema. */
function protect(sqlite: SqliteDatabase): void {
  // One connection alone: no shared-memory file, and no second process can change the file.
  sqlite.pragma('locking_mode = EXCLUSIVE');
  sqlite.pragma('synchronous = FULL');
  sqlite.pragma('temp_store = MEMORY');
  sqlite.pragma('trusted_schema = OFF');
  sqlite.pragma('cell_size_check = ON');
  sqlite.pragma('recursive_triggers = OFF');
}

function configure(sqlite: SqliteDatabase, quotaBytes: number): void {
  protect(sqlite);
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('foreign_keys = ON');
  sqlite.pragma(`journal_size_limit = ${MAX_WAL_BYTES}`);
  sqlite.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  sqlite.pragma(`cache_size = -${CACHE_KIB}`);
  const pageBytes = Number(sqlite.pragma('page_size', { simple: true }));
  sqlite.pragma(`max_page_count = ${countPages(quotaBytes, pageBytes)}`);
  sqlite.loadExtension(getLoadablePath());
}

function countPages(quotaBytes: number, pageBytes: number): number {
  return Math.max(1, Math.floor(quotaBytes / pageBytes));
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

function wrapDatabase(
  sqlite: SqliteDatabase,
  options: Pick<OpenOptions, 'path' | 'quotaBytes'>,
  guard: StatementGuard,
): StoreDatabase {
  const pragma = (name: string): number =>
    guard.asDaemon(() => Number(sqlite.pragma(name, { simple: true })));
  const usage = (): StoreUsage => ({
    usedBytes: (pragma('page_count') - pragma('freelist_count')) * pragma('page_size'),
    limitBytes: options.quotaBytes,
    isDiskFull: isDiskLow(options.path),
  });
  const pageCounts = () => ({
    quotaPages: countPages(options.quotaBytes, pragma('page_size')),
    filePages: pragma('page_count'),
  });
  const guarded: Guarded = (stage, work) => {
    try {
      return work();
    } catch (error) {
      throw toStoreError(error, { stage, usage });
    }
  };
  const assertInPlace = watchPlace(options.path);
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
    asApp: guard.asApp,
    isGuarded: guard.isActive,
    usage,
    endReading: readers.endAll,
    maintain: (sql, params = []) => {
      readers.endAll();
      return guarded('run', () => runWhole(sqlite, sql, params));
    },
    makeRoom: (work, { beyond } = { beyond: 'quota' }) => {
      readers.endAll();
      const allowPages = (pages: number): void => {
        guard.asDaemon(() => sqlite.pragma(`max_page_count = ${pages}`));
      };
      return withRoom({ ...pageCounts(), beyond, allowPages }, work);
    },
    path: options.path,
    close: () => {
      readers.endAll();
      sqlite.close();
    },
  };
}

function runWhole(sqlite: SqliteDatabase, sql: string, params: BoundParams): StoredValue[][] {
  const statement = sqlite.prepare(sql).safeIntegers(true);
  if (statement.reader) return statement.raw(true).all(params) as StoredValue[][];
  statement.run(params);
  return [];
}
