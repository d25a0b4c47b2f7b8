import { LIMITS } from '@locara/protocol/limits';
import { notConfined } from '../store-errors.ts';
import { createActionRules } from './action-rules.ts';
import { ALLOW, DENY, type NativeSqlite, type SqliteHandle } from './native-sqlite.ts';

/** Tells the app's statements from the daemon's on one open database. */
export interface StatementGuard {
  /**
   * Compiles and runs what `work` does under the rules for apps, all of it before this returns. Throws
   * Unavailable (`not_confined`) where this database has no guard.
   */
  readonly asApp: <T>(work: () => T) => T;
  /** What the daemon itself wants to know amid the work of an app. */
  readonly asDaemon: <T>(work: () => T) => T;
  readonly isActive: boolean;
}

/** What the guard asks of the database it is for. */
export interface GuardedDatabase {
  readonly path: string;
  readonly readColumn: (sql: string) => readonly string[];
  /** Compiles without running; throws what SQLite says. */
  readonly compile: (sql: string) => void;
}

const LIMIT = {
  length: 0,
  sqlLength: 1,
  columns: 2,
  expressionDepth: 3,
  compoundSelects: 4,
  programLength: 5,
  arguments: 6,
  attached: 7,
  patternLength: 8,
  variables: 9,
  triggerDepth: 10,
  threads: 11,
} as const;

const SWITCH = {
  fts3Tokenizer: 1004,
  loadExtension: 1005,
  defensive: 1010,
  writableSchema: 1011,
  trustedSchema: 1017,
} as const;

/** For every statement, the daemon's too; none is above what SQLite has by default. */
const FIXED_LIMITS: readonly (readonly [number, number])[] = [
  [LIMIT.sqlLength, 1024 * 1024],
  [LIMIT.columns, 2000],
  [LIMIT.expressionDepth, 1000],
  [LIMIT.compoundSelects, 500],
  [LIMIT.programLength, 2_500_000],
  [LIMIT.arguments, 127],
  [LIMIT.patternLength, 1000],
  [LIMIT.variables, 32_766],
  [LIMIT.triggerDepth, 100],
  [LIMIT.threads, 0],
];

/** No value of an app's is longer than a message, so none that a statement makes needs to be. */
const APP_VALUE_BYTES = LIMITS.maxMessageBytes;
const MAX_ATTACHED = 10;

/** Guards `handle` from now on; throws when any of it does not hold. */
export function guardStatements(
  native: NativeSqlite,
  handle: SqliteHandle,
  database: GuardedDatabase,
): StatementGuard {
  assertSameLibrary(native, handle, database);
  let isApp = false;
  const isAllowed = createActionRules(database.readColumn('SELECT name FROM pragma_module_list'));
  native.setAuthorizer(handle, (action, [first, second, schema]) => {
    if (!isApp) return ALLOW;
    try {
      const names = { first: native.readText(first), second: native.readText(second) };
      return isAllowed({ action, ...names, schema: native.readText(schema) }) ? ALLOW : DENY;
    } catch {
      return DENY;
    }
  });
  for (const [limit, value] of FIXED_LIMITS) native.setLimit(handle, limit, value);
  native.setSwitch(handle, SWITCH.fts3Tokenizer, false);
  native.setSwitch(handle, SWITCH.loadExtension, false);
  native.setSwitch(handle, SWITCH.defensive, true);
  native.setSwitch(handle, SWITCH.writableSchema, false);
  native.setSwitch(handle, SWITCH.trustedSchema, false);
  // The largest that SQLite was built for.
  const ownValueBytes = native.setLimit(handle, LIMIT.length, -1);
  const asApp = <T>(work: () => T): T => {
    if (isApp) return work();
    isApp = true;
    native.setLimit(handle, LIMIT.length, APP_VALUE_BYTES);
    native.setLimit(handle, LIMIT.attached, 0);
    try {
      return work();
    } finally {
      isApp = false;
      native.setLimit(handle, LIMIT.length, ownValueBytes);
      native.setLimit(handle, LIMIT.attached, MAX_ATTACHED);
    }
  };
  const asDaemon = <T>(work: () => T): T => {
    const before = isApp;
    isApp = false;
    try {
      return work();
    } finally {
      isApp = before;
    }
  };
  assertRefuses(asApp, database);
  return { asApp, asDaemon, isActive: true };
}

/** Stands where no guard can: refuses every statement of an app. */
export const NO_GUARD: StatementGuard = {
  asApp: () => {
    throw notConfined();
  },
  asDaemon: (work) => work(),
  isActive: false,
};

/** The table was read by place: only one that says the same as SQL does is believed. */
function assertSameLibrary(
  native: NativeSqlite,
  handle: SqliteHandle,
  { path, readColumn }: GuardedDatabase,
): void {
  const [version = ''] = readColumn('SELECT sqlite_version()');
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (native.versionNumber() !== major * 1_000_000 + minor * 1000 + patch) {
    throw new Error('another SQLite');
  }
  if (native.fileNameOf(handle) !== path) throw new Error('another database');
}

/** Proves on the open database that what it must refuse is refused, and that the daemon is not. */
function assertRefuses(asApp: StatementGuard['asApp'], { compile }: GuardedDatabase): void {
  const isRefused = (sql: string): boolean => {
    try {
      compile(sql);
      return false;
    } catch {
      return true;
    }
  };
  const refused = ["ATTACH ':memory:' AS x", 'PRAGMA page_count', 'SELECT name FROM dbstat'];
  for (const sql of refused) {
    if (!asApp(() => isRefused(sql))) throw new Error('the guard lets pass what it must not');
  }
  if (asApp(() => isRefused('SELECT 1'))) throw new Error('the guard refuses everything');
  if (isRefused('PRAGMA page_count')) throw new Error('the guard refuses the daemon');
}
