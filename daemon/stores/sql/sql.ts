import { RpcError } from '@locara/protocol/errors';
import type { SqlStatement } from '../../workers/store/ops/sql-ops.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import { addDetails } from '../database/store-errors.ts';
import { createQueries } from './queries.ts';
import { toBoundParams, toWireInteger } from './sql-values.ts';
import { createStatementCache, type StatementCache } from './statement-cache.ts';

type Executed = StoreOps['exec']['result'];

/** The app's own SQL: one guarded statement at a time, or several in one transaction. */
export interface Sql {
  readonly exec: (statement: SqlStatement) => Executed;
  readonly query: (params: StoreOps['query']['params']) => StoreOps['query']['result'];
  readonly batch: (params: StoreOps['batch']['params']) => StoreOps['batch']['result'];
}

/** For as long as this database is open: it remembers statements that were compiled for it. */
export function createSql(database: StoreDatabase): Sql {
  const statements = createStatementCache(database);
  const parts = { database, statements };
  return {
    exec: (statement) => {
      statements.refresh();
      return database.asApp(() => executeStatement(parts, statement));
    },
    query: createQueries(database, statements),
    batch: (params) => {
      statements.refresh();
      try {
        const results = database.transaction(() =>
          database.asApp(() => executeAll(parts, params.statements)),
        );
        return { results };
      } catch (error) {
        // Tables that some of them were compiled for may have been rolled back.
        statements.clear();
        throw error;
      }
    },
  };
}

interface Parts {
  readonly database: StoreDatabase;
  readonly statements: StatementCache;
}

function executeAll(parts: Parts, statements: readonly SqlStatement[]): Executed[] {
  const results: Executed[] = [];
  try {
    for (const statement of statements) results.push(executeStatement(parts, statement));
    return results;
  } catch (error) {
    throw withIndex(results.length, error);
  }
}

function executeStatement(
  { database, statements }: Parts,
  { sql, params }: SqlStatement,
): Executed {
  const prepared = statements.take(sql);
  const { guarded, statement } = prepared;
  const run = () => statement.run(toBoundParams(params, guarded));
  const { changes, lastInsertRowid } = guarded.makesRoom ? database.makeRoom(run) : run();
  statements.give(prepared);
  return {
    // SQLite counts the rows of its own tables as changes of a CREATE or DROP.
    changes: guarded.kind === 'schema' ? 0 : changes,
    lastInsertRowid: toWireInteger(lastInsertRowid),
  };
}

/** Says which statement of a batch failed. */
function withIndex(index: number, error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  return addDetails(error, { statement: index });
}
