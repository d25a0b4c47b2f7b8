import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createOpenPages } from '../../../../daemon/stores/sql/open-pages.ts';
import { createSql, type Sql } from '../../../../daemon/stores/sql/sql.ts';
import { openTemporaryStore, refusalOf } from '../../../support/temporary-store.ts';
import { cpuMsOf } from '../../../support/cpu-time.ts';

const SQL = 'SELECT id FROM t ORDER BY id';
const READ_ALL = { sql: SQL, limit: 10 };

function openNumbers(count: number): Sql {
  const sql = createSql(openTemporaryStore());
  sql.exec({ sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY)' });
  sql.exec({
    sql: 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ?) INSERT INTO t SELECT x FROM n',
    params: [count],
  });
  return sql;
}

/** Every page from here on, and whether one of them was marked. */
function readPages(sql: Sql, query: Parameters<Sql['query']>[0]) {
  const ids: unknown[] = [];
  let isChanged = false;
  let next: string | undefined = query.cursor;
  do {
    const page = sql.query({ ...query, cursor: next });
    ids.push(...page.rows.map(({ id }) => id));
    isChanged ||= page.changed === true;
    next = page.cursor;
  } while (next !== undefined);
  return { ids, isChanged };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('pages', () => {
  test('give every row once, whatever their size', () => {
    const sql = openNumbers(50);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (limit) => {
        expect(readPages(sql, { sql: SQL, limit })).toEqual({ ids: upTo(50), isChanged: false });
      }),
    );
  });

  test('cost the same at the end as at the beginning', () => {
    const sql = openNumbers(200_000);
    const pageMs = (cursor?: string) => {
      const query = () => sql.query({ sql: SQL, limit: 1000, cursor });
      let page: ReturnType<typeof query> | undefined;
      const ms = cpuMsOf(() => (page = query()));
      return { cursor: page?.cursor, ms };
    };
    const times: number[] = [];
    for (let page = pageMs(); page.cursor !== undefined; page = pageMs(page.cursor)) {
      times.push(page.ms);
    }
    const median = (figures: number[]) => figures.toSorted((a, b) => a - b)[figures.length >> 1];
    // Started again for each page, the last ones would take fifty times as long.
    expect(median(times.slice(-20))).toBeLessThan((median(times.slice(1, 21)) ?? 0) * 10);
  });

  test('of several queries at once do not disturb each other', () => {
    const sql = openNumbers(30);
    const first = sql.query(READ_ALL);
    const second = sql.query({ ...READ_ALL, limit: 7 });
    expect(readPages(sql, { ...READ_ALL, cursor: first.cursor }).ids).toEqual(upTo(30).slice(10));
    expect(readPages(sql, { ...READ_ALL, cursor: second.cursor }).ids).toEqual(upTo(30).slice(7));
  });

  test('can be asked for twice', () => {
    const sql = openNumbers(30);
    const { cursor } = sql.query(READ_ALL);
    const page = sql.query({ ...READ_ALL, cursor });
    expect(sql.query({ ...READ_ALL, cursor })).toEqual(page);
  });

  test.each([
    ['a row', 'INSERT INTO t VALUES (1000)'],
    ['a row that went', 'DELETE FROM t WHERE id = 30'],
    ['a table', 'CREATE TABLE other (x)'],
  ])('after a write of %s go on with the data as it is, and are marked', (_what, statement) => {
    const sql = openNumbers(30);
    const { cursor } = sql.query(READ_ALL);
    sql.exec({ sql: statement });
    const { ids, isChanged } = readPages(sql, { ...READ_ALL, cursor });
    expect(isChanged).toBe(true);
    expect(ids).toEqual([
      ...upTo(statement.startsWith('DELETE') ? 29 : 30).slice(10),
      ...(statement.startsWith('INSERT') ? [1000] : []),
    ]);
  });

  test('never stand in the way of a write, a transaction or the end of the store', () => {
    const database = openTemporaryStore();
    const sql = createSql(database);
    sql.exec({ sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY)' });
    sql.batch({
      statements: upTo(30).map((id) => ({ sql: 'INSERT INTO t VALUES (?)', params: [id] })),
    });
    sql.query(READ_ALL);
    database.transaction(() => database.prepare('DELETE FROM t WHERE id = 1').run());
    sql.query(READ_ALL);
    sql.exec({ sql: 'DROP TABLE t' });
    sql.query({ sql: 'SELECT 1 UNION SELECT 2', limit: 1 });
    database.close();
  });

  test('end by size before their limit, and lose no row', () => {
    const sql = openNumbers(100);
    const wide = 'SELECT id, hex(zeroblob(50000)) AS text FROM t ORDER BY id';
    const page = sql.query({ sql: wide, limit: 1000 });
    expect(page.rows.length).toBeLessThan(15);
    expect(readPages(sql, { sql: wide, limit: 1000 }).ids).toEqual(upTo(100));
  });

  test('end by the number of their values before their limit', () => {
    const sql = openNumbers(10_000);
    const columns = Array.from({ length: 10 }, (_, index) => `id AS c${index}`).join();
    const wide = `SELECT id, ${columns} FROM t ORDER BY id`;
    const page = sql.query({ sql: wide, limit: 10_000 });
    expect(page.rows.length).toBe(Math.floor(16_384 / 11));
    expect(readPages(sql, { sql: wide, limit: 10_000 }).ids).toEqual(upTo(10_000));
  });

  test('of text that is all control characters fit the message that carries them', () => {
    const sql = openNumbers(2000);
    const text = "SELECT id, printf('%.*c', 1000, char(1)) AS text FROM t ORDER BY id";
    const page = sql.query({ sql: text, limit: 2000 });
    expect(JSON.stringify(page).length).toBeLessThan(2 * 1024 * 1024);
    expect(readPages(sql, { sql: text, limit: 2000 }).ids).toEqual(upTo(2000));
  });

  test.each(['', 'x', '1.x', '10.AAAAAAAAAAAAAAAA.x', '-1.a.b', '1e9.a.b', '1.a.b.c'])(
    'refuse the cursor %j',
    (cursor) => {
      const sql = openNumbers(1);
      expect(refusalOf(() => sql.query({ ...READ_ALL, cursor })).details).toEqual({
        rule: 'cursor',
      });
    },
  );

  test('refuse the cursor of other params', () => {
    const sql = openNumbers(30);
    const query = { sql: 'SELECT id FROM t WHERE id > ? ORDER BY id', limit: 5 };
    const { cursor } = sql.query({ ...query, params: [1] });
    expect(refusalOf(() => sql.query({ ...query, params: [2], cursor })).details).toEqual({
      rule: 'cursor',
    });
  });

  test('are let go of after a while', async () => {
    const ended = Promise.withResolvers<undefined>();
    const reader = {
      next: () => undefined,
      end: () => {
        ended.resolve(undefined);
      },
      isEnded: false,
    };
    createOpenPages({ keepMs: 1 }).keep('1', { reader, columns: [], nextRow: [] });
    // Nothing else keeps this process waiting, and the timer does not.
    const alive = setInterval(() => undefined, 1000);
    await ended.promise;
    clearInterval(alive);
  });
});

describe('the columns of a row', () => {
  test.each([
    ['SELECT 1 AS id, 2 AS id, 3 AS id', { id: 1, 'id:1': 2, 'id:2': 3 }],
    ['SELECT 1 AS id, 2 AS "id:1", 3 AS id', { id: 1, 'id:1': 2, 'id:2': 3 }],
    ['SELECT 1 AS id, 2 AS id, 3 AS "id:1"', { id: 1, 'id:2': 2, 'id:1': 3 }],
    ['SELECT 1 AS "", 2 AS ""', { '': 1, ':1': 2 }],
    ['SELECT 1 AS constructor, 2 AS toString', { constructor: 1, toString: 2 }],
  ])('all come, those of one name numbered: %s', (text, row) => {
    expect(openNumbers(1).query({ sql: text, limit: 1 }).rows).toEqual([row]);
  });
});

describe('a statement that ran before', () => {
  test('sees the tables as they are now', () => {
    const sql = openNumbers(1);
    const all = { sql: 'SELECT * FROM t', limit: 1 };
    expect(sql.query(all).rows).toEqual([{ id: 1 }]);
    sql.exec({ sql: "ALTER TABLE t ADD COLUMN name TEXT DEFAULT 'x'" });
    expect(sql.query(all).rows).toEqual([{ id: 1, name: 'x' }]);
    sql.exec({ sql: 'DROP TABLE t' });
    expect(refusalOf(() => sql.query(all)).details).toEqual({ rule: 'sql_syntax' });
  });

  test('forgets the tables of a batch that was rolled back', () => {
    const sql = openNumbers(1);
    const fill = { sql: 'INSERT INTO u VALUES (1)' };
    const failing = { sql: 'INSERT INTO t VALUES (1)' };
    const attempt = (table: string) =>
      refusalOf(() => sql.batch({ statements: [{ sql: table }, fill, failing] })).reason;
    expect(attempt('CREATE TABLE u (a)')).toBe('Conflict');
    expect(attempt('CREATE TABLE u (a PRIMARY KEY, b DEFAULT 2)')).toBe('InvalidParams');
    sql.exec({ sql: 'CREATE TABLE u (c)' });
    sql.exec(fill);
    expect(sql.query({ sql: 'SELECT * FROM u', limit: 1 }).rows).toEqual([{ c: 1 }]);
  });

  test('keeps no value of the call before', () => {
    const sql = openNumbers(1);
    const query = { sql: 'SELECT ? AS x', limit: 1 };
    expect(sql.query({ ...query, params: ['canary'] }).rows).toEqual([{ x: 'canary' }]);
    expect(refusalOf(() => sql.query(query)).details).toEqual({ rule: 'sql_params' });
  });

  test('is refused again when it was refused', () => {
    const sql = openNumbers(1);
    for (const attempt of [1, 2]) {
      expect(refusalOf(() => sql.query({ sql: 'DELETE FROM t', limit: attempt })).details).toEqual({
        rule: 'sql_forbidden',
      });
    }
  });

  test('that changes rows is no query after db.exec has run it', () => {
    const sql = openNumbers(2);
    const statement = { sql: 'DELETE FROM t WHERE id = 2 RETURNING id' };
    sql.exec(statement);
    expect(refusalOf(() => sql.query({ ...statement, limit: 1 })).details).toEqual({
      rule: 'sql_forbidden',
    });
  });
});
