import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StoreDatabase } from '../../../../../daemon/stores/database/database.ts';
import { ESCAPES } from '../../../../support/sql-attacks.ts';
import {
  makeTemporaryFolder,
  openTemporaryStore,
  refusalOf,
} from '../../../../support/temporary-store.ts';

function openNotes(): StoreDatabase {
  const database = openTemporaryStore();
  for (const sql of [
    'CREATE TABLE t (a, b)',
    'CREATE TABLE locara_state (name TEXT PRIMARY KEY, value)',
    "INSERT INTO locara_state VALUES ('generation', 7)",
    'CREATE VIRTUAL TABLE f USING fts5 (text)',
  ]) {
    database.prepare(sql).run();
  }
  return database;
}

const runAsApp = (database: StoreDatabase, sql: string): unknown =>
  database.asApp(() => {
    const statement = database.prepare(sql);
    return statement.columns.length > 0 ? [...statement.rows()] : statement.run();
  });

describe('without the layers above it, the guard of SQLite itself', () => {
  // Left to the layer above: what SQLite does not ask about, or not before it is used.
  const unasked =
    /^(EXPLAIN|REINDEX$|SELECT 1; |SELECT ';'|CREATE VIRTUAL TABLE x USING fts5 |ALTER TABLE t RENAME TO)/;

  test.each(ESCAPES.filter((sql) => !unasked.test(sql)))('refuses %j', (sql) => {
    const folder = makeTemporaryFolder();
    const path = join(folder, 'outside');
    writeFileSync(path, '');
    const database = openNotes();
    const refusal = refusalOf(() => runAsApp(database, sql.replaceAll('PATH', path)));
    expect(['sql_forbidden', 'sql_syntax']).toContain(refusal.details?.['rule']);
    expect([...database.prepare('SELECT value FROM locara_state').rows()]).toEqual([[7n]]);
  });

  test('lets an app shape and use its tables, with FTS5 and vectors', () => {
    const database = openTemporaryStore();
    const run = (sql: string, params: readonly (string | bigint | Uint8Array)[] = []): unknown =>
      database.asApp(() => database.prepare(sql).run(params));
    run('CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT, b AS (upper(a)))');
    run('CREATE UNIQUE INDEX i ON t (a)');
    run('CREATE VIEW v AS SELECT a FROM t');
    run('CREATE TABLE log (a)');
    run('CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END');
    run('CREATE VIRTUAL TABLE f USING fts5 (text)');
    run('CREATE VIRTUAL TABLE e USING vec0 (v float[4])');
    run("INSERT INTO t (a) VALUES ('x'), ('y')");
    run("INSERT INTO f VALUES ('hello there')");
    run("INSERT INTO f (f) VALUES ('optimize')");
    run('INSERT INTO e (v) VALUES (?)', [Buffer.from(new Float32Array(4).buffer)]);
    run('ALTER TABLE log ADD COLUMN z INTEGER CHECK (z > 0)');
    run('ALTER TABLE log RENAME COLUMN z TO y');
    run('ALTER TABLE log DROP COLUMN y');
    run('ALTER TABLE log RENAME TO events');
    const rows = (sql: string): unknown => database.asApp(() => [...database.prepare(sql).rows()]);
    expect(rows("SELECT rowid FROM f WHERE f MATCH 'hello'")).toEqual([[1n]]);
    expect(rows("SELECT a FROM events, json_each('[1]')")).toHaveLength(2);
    expect(rows("SELECT rowid FROM e WHERE v MATCH '[0,0,0,0]' AND k = 1")).toEqual([[1n]]);
    for (const drop of ['VIEW v', 'TRIGGER r', 'INDEX i', 'TABLE f', 'TABLE e', 'TABLE t']) {
      run(`DROP ${drop}`);
    }
  });

  test('does not mind what the daemon does between', () => {
    const database = openNotes();
    expect(() => runAsApp(database, 'SELECT * FROM locara_state')).toThrow();
    expect([...database.prepare('PRAGMA user_version').rows()]).toEqual([[0n]]);
    expect(refusalOf(() => runAsApp(database, 'PRAGMA user_version')).reason).toBe('InvalidParams');
  });

  test('asks again about a statement that SQLite compiles anew', () => {
    const database = openNotes();
    const statement = database.asApp(() => database.prepare('SELECT * FROM t'));
    database.prepare('DROP TABLE t').run();
    database.prepare('CREATE VIEW t AS SELECT * FROM locara_state').run();
    expect(refusalOf(() => database.asApp(() => [...statement.rows()])).details).toEqual({
      rule: 'sql_forbidden',
    });
  });

  test('makes no value longer than a message', () => {
    const database = openNotes();
    for (const sql of ['SELECT zeroblob(5000000)', "SELECT printf('%.*c', 5000000, 'x')"]) {
      expect(refusalOf(() => runAsApp(database, sql)).reason).toBe('PayloadTooLarge');
    }
    expect([...database.prepare('SELECT length(zeroblob(5000000))').rows()]).toEqual([
      [5_000_000n],
    ]);
  });
});

describe('where the C interface of SQLite cannot be had', () => {
  test.each([
    [
      'is missing',
      () => {
        throw new Error('no koffi');
      },
    ],
    [
      'is of another version',
      () => ({
        versionNumber: () => 1,
        captureHandle: <T>(open: () => T) => ({ opened: open(), handle: 0 }),
        fileNameOf: () => '',
        setAuthorizer: () => undefined,
        setLimit: () => 0,
        setSwitch: () => undefined,
        readText: () => '',
      }),
    ],
  ])('it %s: a store opens, and runs nothing of its app', (_why, loadNative) => {
    const database = openTemporaryStore({ loadNative });
    database.prepare('CREATE TABLE t (a)').run();
    expect(database.isGuarded).toBe(false);
    expect(refusalOf(() => runAsApp(database, 'SELECT 1'))).toMatchObject({
      reason: 'Unavailable',
      details: { rule: 'not_confined' },
    });
  });
});
