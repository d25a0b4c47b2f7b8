import type { StoreDatabase } from '../database/database.ts';
import type { StoreStatement } from '../database/statement.ts';
import { guardStatement, type GuardedStatement } from './sql-guard.ts';

/** SQL that has passed the guard, and is compiled. It holds no values of its callers. */
export interface PreparedSql {
  readonly sql: string;
  readonly guarded: GuardedStatement;
  readonly statement: StoreStatement;
}

/** The statements that ran last, of one opened database: what an app asks again is neither read nor compiled again. */
export interface StatementCache {
  /** Must come before each call: what was compiled for other tables is forgotten. */
  readonly refresh: () => void;
  /** The statement is the caller's alone until it is given back. Throws as the guard and SQLite do. */
  take(sql: string): PreparedSql;
  /** Only what has run to its end may come back. */
  give(prepared: PreparedSql): void;
  readonly clear: () => void;
}

const MAX_STATEMENTS = 128;
/** Longer ones are rare, and would keep much memory. */
const MAX_CACHED_CHARACTERS = 8192;

export function createStatementCache(database: StoreDatabase): StatementCache {
  const cached = new Map<string, PreparedSql>();
  const versionStatement = database.prepare('PRAGMA schema_version');
  let schemaVersion: unknown;
  const clear = (): void => {
    cached.clear();
  };
  return {
    refresh: () => {
      const version = versionStatement.first()?.[0];
      if (version === schemaVersion) return;
      schemaVersion = version;
      clear();
    },
    take: (sql) => {
      const known = cached.get(sql);
      if (known === undefined) {
        const guarded = guardStatement(sql);
        return { sql, guarded, statement: database.prepare(guarded.sql) };
      }
      cached.delete(sql);
      return known;
    },
    give: (prepared) => {
      // A change of the tables can be rolled back and another one get the same version.
      if (prepared.guarded.kind === 'schema') clear();
      else if (prepared.sql.length <= MAX_CACHED_CHARACTERS) {
        cached.set(prepared.sql, prepared);
        if (cached.size > MAX_STATEMENTS) forgetOldest(cached);
      }
    },
    clear,
  };
}

function forgetOldest(cached: Map<string, PreparedSql>): void {
  for (const oldest of cached.keys()) {
    cached.delete(oldest);
    return;
  }
}
