import { createHash, randomBytes } from 'node:crypto';
import { RpcError } from '@locara/protocol/errors';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import { forbidden } from '../database/store-errors.ts';
import type { RowReader } from '../database/row-reader.ts';
import type { StoredValue } from '../database/stored-value.ts';
import { nameColumns } from './column-names.ts';
import { createOpenPages, type OpenPages } from './open-pages.ts';
import { createPage, type Page } from './page.ts';
import { toBoundParams } from './sql-values.ts';
import type { StatementCache } from './statement-cache.ts';

type Query = StoreOps['query']['params'];
type QueryResult = StoreOps['query']['result'];

/** Where a query stopped: rows given so far, which query it is, and the state of the data then. */
interface Cursor {
  readonly offset: number;
  readonly fingerprint: string;
  readonly state: string;
}

/**
 * Runs one query, a page at a time. It is kept open for its next page until something writes or 10 seconds are
 * over. After that the statement is run again and what was given before is left out: rows that came or went
 * meanwhile shift the page, and where the data has changed it is marked `changed`.
 */
export function createQueries(
  database: StoreDatabase,
  statements: StatementCache,
): (query: Query) => QueryResult {
  const pages = createOpenPages();
  const tellState = createStateTeller(database);
  const runOnce = (query: Query): QueryResult => {
    const { sql, params, limit } = query;
    const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor);
    const fingerprint = cursor === undefined ? undefined : fingerprintOf(sql, params);
    if (cursor?.fingerprint !== fingerprint) throw wrongCursor();
    const { begun, page, nextRow } = database.asApp(() => {
      const reading = resume(pages, query) ?? begin(statements, query, cursor?.offset ?? 0);
      return { begun: reading, ...readPage(reading, limit) };
    });
    const state = cursor === undefined ? undefined : tellState();
    const changed = state === cursor?.state ? {} : { changed: true as const };
    if (nextRow === undefined) {
      begun.onDone?.();
      return { rows: page.rows, ...changed };
    }
    const next = renderCursor({
      offset: (cursor?.offset ?? 0) + page.rows.length,
      fingerprint: fingerprint ?? fingerprintOf(sql, params),
      state: state ?? tellState(),
    });
    pages.keep(next, { reader: begun.reader, columns: begun.columns, nextRow });
    return { rows: page.rows, cursor: next, ...changed };
  };
  return (query) => {
    statements.refresh();
    try {
      return runOnce(query);
    } catch (error) {
      // Queries that wait for their next page hold memory too.
      if (!isOutOfMemory(error) || !pages.endAll()) throw error;
      return runOnce(query);
    }
  };
}

interface Reading {
  readonly reader: RowReader;
  readonly columns: readonly string[];
  readonly nextRow: readonly StoredValue[] | undefined;
  readonly onDone?: () => void;
}

function resume(pages: OpenPages, { cursor }: Query): Reading | undefined {
  return cursor === undefined ? undefined : pages.take(cursor);
}

function begin(statements: StatementCache, { sql, params }: Query, offset: number): Reading {
  const prepared = statements.take(sql);
  const { guarded, statement } = prepared;
  if (guarded.kind !== 'data' || !statement.isReadonly) throw forbidden('a query only reads');
  const columns = nameColumns(statement.columns);
  const reader = statement.read(toBoundParams(params, guarded));
  let nextRow = reader.next();
  for (let passed = 0; passed < offset && nextRow !== undefined; passed += 1) {
    nextRow = reader.next();
  }
  const onDone = (): void => {
    statements.give(prepared);
  };
  return { reader, columns, nextRow, onDone };
}

/** One page, and the row after it. The reader has ended when there is none, or when this throws. */
function readPage(
  { reader, columns, nextRow }: Reading,
  limit: number,
): { page: Page; nextRow: readonly StoredValue[] | undefined } {
  const page = createPage(columns);
  let row = nextRow;
  try {
    while (row !== undefined && page.rows.length < limit && page.add(row)) row = reader.next();
    return { page, nextRow: row };
  } catch (error) {
    reader.end();
    throw error;
  }
}

/**
 * What tells two states of the data apart while it is open: rows written on this connection, and the version
 * of the tables. Another opening is another state.
 */
function createStateTeller(database: StoreDatabase): () => string {
  const opening = randomBytes(6).toString('base64url');
  const changes = database.prepare('SELECT total_changes()');
  const version = database.prepare('PRAGMA schema_version');
  return () => `${opening}-${String(changes.first()?.[0])}-${String(version.first()?.[0])}`;
}

function fingerprintOf(sql: string, params: Query['params']): string {
  const text = JSON.stringify([sql, params ?? []]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

function renderCursor({ offset, fingerprint, state }: Cursor): string {
  return `${offset}.${fingerprint}.${state}`;
}

function readCursor(cursor: string): Cursor {
  const [, offset, fingerprint, state] = /^(\d{1,15})\.([\w-]+)\.([\w-]+)$/.exec(cursor) ?? [];
  if (offset === undefined || fingerprint === undefined || state === undefined) throw wrongCursor();
  return { offset: Number(offset), fingerprint, state };
}

function wrongCursor(): RpcError {
  return new RpcError(
    'InvalidParams',
    'The cursor belongs to another query: repeat sql and params with it.',
    { details: { rule: 'cursor' } },
  );
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof RpcError && error.reason === 'InsufficientResources';
}
