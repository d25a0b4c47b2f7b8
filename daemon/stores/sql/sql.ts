import { createHash } from 'node:crypto';
import { RpcError } from '@locara/protocol/errors';
import type { SqlStatement } from '../../workers/store/ops/sql-ops.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import { createResultBudget } from '../database/result-budget.ts';
import { forbidden } from '../database/store-errors.ts';
import { guardStatement } from './sql-guard.ts';
import { countWireBytes, toBoundParams, toWireInteger, toWireValue } from './sql-values.ts';

type Executed = StoreOps['exec']['result'];
type QueryParams = StoreOps['query']['params'];

/** The app's own SQL: one guarded statement at a time, or several in one transaction. */
export interface Sql {
  readonly exec: (statement: SqlStatement) => Executed;
  readonly query: (params: QueryParams) => StoreOps['query']['result'];
  readonly batch: (params: StoreOps['batch']['params']) => StoreOps['batch']['result'];
}

export function createSql(database: StoreDatabase): Sql {
  return {
    exec: (statement) => executeStatement(database, statement),
    query: (params) => queryRows(database, params),
    batch: ({ statements }) => ({
      results: database.transaction(() =>
        statements.map((statement, index) =>
          withIndex(index, () => executeStatement(database, statement)),
        ),
      ),
    }),
  };
}

function executeStatement(database: StoreDatabase, { sql, params }: SqlStatement): Executed {
  const guarded = guardStatement(sql);
  const statement = database.prepare(guarded.sql);
  const run = () => statement.run(toBoundParams(params, guarded));
  const { changes, lastInsertRowid } = guarded.makesRoom ? database.makeRoom(run) : run();
  return {
    // SQLite counts the rows of its own tables as changes of a CREATE or DROP.
    changes: guarded.kind === 'schema' ? 0 : changes,
    lastInsertRowid: toWireInteger(lastInsertRowid),
  };
}

/**
 * One page. The cursor is an offset into the same statement run again: rows inserted or deleted
 * between two pages shift it; order by a key and page by that key where this matters.
 */
function queryRows(
  database: StoreDatabase,
  { sql, params, limit, cursor }: QueryParams,
): StoreOps['query']['result'] {
  const guarded = guardStatement(sql);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([guarded.sql, params ?? []]))
    .digest('base64url')
    .slice(0, 16);
  const offset = cursor === undefined ? 0 : readCursor(cursor, fingerprint);
  const statement = database.prepare(guarded.sql);
  if (guarded.kind !== 'data' || !statement.isReadonly) throw forbidden('a query only reads');
  // No JSON message carries such a key safely: it would be lost on the way.
  if (statement.columns.includes('__proto__')) throw forbidden('a column named __proto__');
  const budget = createResultBudget('limit, then cursor');
  const rows: Record<string, ReturnType<typeof toWireValue>>[] = [];
  let position = 0;
  for (const values of statement.rows(toBoundParams(params, guarded))) {
    position += 1;
    if (position <= offset) continue;
    if (rows.length === limit) return { rows, cursor: `${offset + limit}.${fingerprint}` };
    values.forEach((value, column) => {
      budget.spend(countWireBytes(value) + (statement.columns[column]?.length ?? 0) + 4);
    });
    rows.push(
      Object.fromEntries(
        values.map((value, column) => [statement.columns[column] ?? '', toWireValue(value)]),
      ),
    );
  }
  return { rows };
}

function readCursor(cursor: string, fingerprint: string): number {
  const match = /^(\d{1,15})\.([\w-]+)$/.exec(cursor);
  if (match?.[1] === undefined || match[2] !== fingerprint) {
    throw new RpcError(
      'InvalidParams',
      'The cursor belongs to another query: repeat sql and params with it.',
      {
        details: { rule: 'cursor' },
      },
    );
  }
  return Number(match[1]);
}

/** Says which statement of a batch failed. */
function withIndex<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw new RpcError(error.reason, error.message, {
      details: { ...error.details, statement: index },
      retryable: error.retryable,
    });
  }
}
