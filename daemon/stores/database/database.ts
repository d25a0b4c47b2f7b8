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
  unreadable,
  type SqlStage,
  type StoreUsage,
} from './store-errors.ts';
import { isAllowedFunction } from './sql-functions.ts';
import type { BoundParams, StoredValue } from './stored-value.ts';

const KEY_BYTES = 32;
const CACHE_KIB = 64 * 1024;
const MAX_WAL_BYTES = 16 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 2000;
const LOW_DISK_BYTES = 1024 * 1024;
/** What deleting may take beyond the quota, for marks and splits of pages: as pages, and as a part of the quota. */
const RESERVE_PAGES = 64;
const RESERVE_SHARE = 1 / 16;
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
  /** The rows one by one; leaving the loop early ends the statement. */
  rows(params?: BoundParams): Generator<readonly StoredValue[], void, void>;
}

/** An open encrypted store. Every failure is an RpcError without SQL or values in it. */
export interface StoreDatabase {
  /** Compiles exactly one statement. */
  prepare(sql: string): StoreStatement;
  /** All of `work` or nothing; without foreign keys only where a whole schema is rebuilt. */
  transaction<T>(work: () => T, options?: { readonly foreignKeys: boolean }): T;
  /**
   * Runs what makes room: deleting leaves marks, so it may take a few pages more than the quota. With
   * `beyond: 'file'` also where the file is larger than the quota: for the daemon's own statements alone.
   */
  makeRoom<T>(work: () => T, options?: { readonly beyond: 'quota' | 'file' }): T;
  /** Writes a whole copy, under a key of its own, to a file that must not exist yet, and checks it from end to end. */
  copyTo(path: string, options: { readonly key: Uint8Array }): void;
  usage(): StoreUsage;
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
  return {
    prepare: (sql) =>
      wrapStatement(
        sqlite,
        guarded('prepare', () => sqlite.prepare(sql)),
        { guarded, assertInPlace },
      ),
    transaction: (work, { foreignKeys } = { foreignKeys: true }) => {
      assertInPlace();
      return runTransaction(sqlite, guarded, { work, foreignKeys });
    },
    makeRoom: (work, { beyond } = { beyond: 'quota' }) => {
      const quotaPages = countPages(options.quotaBytes, pragma('page_size'));
      const share = Math.floor(quotaPages * RESERVE_SHARE);
      // A word index that has lost many of its words is written anew before the old one goes.
      const rewrite = beyond === 'file' ? 2 * pragma('page_count') : 0;
      const reserved = Math.max(quotaPages + share, rewrite) + RESERVE_PAGES;
      sqlite.pragma(`max_page_count = ${reserved}`);
      try {
        return work();
      } finally {
        sqlite.pragma(`max_page_count = ${quotaPages}`);
      }
    },
    copyTo: (path, { key }) => {
      guarded('run', () => {
        sqlite.prepare('VACUUM INTO ?').run(path);
        rekeyCopy(path, { from: options.key, to: key });
      });
    },
    usage,
    path: options.path,
    close: () => {
      sqlite.close();
    },
  };
}

/** Not for a store itself: a crash in the middle leaves a file that neither key opens. */
function rekeyCopy(
  path: string,
  { from, to }: { readonly from: Uint8Array; readonly to: Uint8Array },
): void {
  const copy = new Sqlite(path, { fileMustExist: true });
  try {
    unlock(copy, from);
    copy.pragma('temp_store = MEMORY');
    copy.pragma('journal_mode = MEMORY');
    copy.pragma(`rekey = "x'${Buffer.from(to).toString('hex')}'"`);
  } finally {
    copy.close();
  }
  const checked = new Sqlite(path, { readonly: true });
  try {
    unlock(checked, to);
    checked.pragma('temp_store = MEMORY');
    checked.loadExtension(getLoadablePath());
    if (checked.pragma('integrity_check(1)', { simple: true }) !== 'ok') throw unreadable();
  } finally {
    checked.close();
  }
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
}

function wrapStatement(
  sqlite: SqliteDatabase,
  statement: Statement,
  checks: StatementChecks,
): StoreStatement {
  const { guarded, assertInPlace } = checks;
  if (statement.reader) statement.raw(true);
  statement.safeIntegers(true);
  function* rows(params: BoundParams = []): Generator<readonly StoredValue[], void, void> {
    const iterator = guarded('run', () => statement.iterate(params)) as Iterator<StoredValue[]>;
    try {
      for (;;) {
        const step = guarded('run', () => iterator.next());
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      iterator.return?.();
    }
  }
  return {
    isReadonly: statement.readonly,
    columns: statement.reader ? statement.columns().map(({ name }) => name) : [],
    rows,
    run: (params = []) => {
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
