import { describe, expect, test } from 'vitest';
import { startStoreEngine, type CallStore } from '../../../support/engine-call.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

function openNotes(): CallStore {
  const store = startStoreEngine(makeStoreStart());
  store('exec', { sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE)' });
  return store;
}

const ruleOf = (work: () => unknown): unknown => refusalOf(work).details?.['rule'];

describe('db.exec', () => {
  test('says what changed', () => {
    const store = openNotes();
    expect(store('exec', { sql: "INSERT INTO notes (body) VALUES ('a'), ('b')" })).toEqual({
      changes: 2,
      lastInsertRowid: 2,
    });
    expect(store('exec', { sql: 'CREATE INDEX i ON notes (body)' }).changes).toBe(0);
  });

  test('runs a statement with RETURNING to its end', () => {
    const store = openNotes();
    const sql = "INSERT INTO notes (body) VALUES ('a'), ('b') RETURNING id";
    expect(store('exec', { sql })).toEqual({ changes: 2, lastInsertRowid: 2 });
  });

  test('binds by name, with and without its sign', () => {
    const store = openNotes();
    store('exec', {
      sql: 'INSERT INTO notes VALUES (:id, @body)',
      params: { ':id': 7, body: 'x' },
    });
    expect(store('query', { sql: 'SELECT * FROM notes', limit: 10 }).rows).toEqual([
      { id: 7, body: 'x' },
    ]);
  });

  test.each([
    { sql: 'INSERT INTO notes VALUES (?, ?)', params: [1] },
    { sql: 'INSERT INTO notes VALUES (?, ?)', params: [1, 'a', 'b'] },
    { sql: 'INSERT INTO notes VALUES (:a, :b)', params: { a: 1 } },
  ])('refuses parameters that do not fit: %j', (statement) => {
    const store = openNotes();
    expect(ruleOf(() => store('exec', statement))).toBe('sql_params');
  });

  test('answers a broken constraint with Conflict and its columns, never a value', () => {
    const store = openNotes();
    const statement = { sql: 'INSERT INTO notes (body) VALUES (?)', params: ['canary'] };
    store('exec', statement);
    const refusal = refusalOf(() => store('exec', statement));
    expect(refusal.reason).toBe('Conflict');
    expect(refusal.details).toEqual({ constraint: 'unique', columns: ['notes.body'] });
    expect(refusal.message).not.toContain('canary');
  });

  test("keeps a trigger's own message out of the error", () => {
    const store = openNotes();
    store('exec', {
      sql: "CREATE TRIGGER t BEFORE INSERT ON notes BEGIN SELECT RAISE(ABORT, 'canary'); END",
    });
    const refusal = refusalOf(() => store('exec', { sql: "INSERT INTO notes VALUES (1, 'a')" }));
    expect(refusal.reason).toBe('Conflict');
    expect(JSON.stringify([refusal.message, refusal.details])).not.toContain('canary');
  });

  test.each(['SELEC 1', 'SELECT canary FROM notes', 'SELECT * FROM canary', 'SELECT canary()'])(
    'answers a mistake without quoting it: %s',
    (sql) => {
      const store = openNotes();
      const refusal = refusalOf(() => store('exec', { sql }));
      expect(refusal.details).toEqual({
        rule: sql.startsWith('SELEC ') ? 'sql_forbidden' : 'sql_syntax',
      });
      expect(refusal.message).not.toContain('canary');
    },
  );

  test.each([
    'SELECT sqlite_compileoption_get(1)',
    'SELECT vec_debug()',
    "SELECT rtreecheck('x')",
    "SELECT sqlite_log(1, 'x')",
    'SELECT geopoly_debug(1)',
  ])('refuses a function that is not on the list: %s', (sql) => {
    const store = openNotes();
    expect(ruleOf(() => store('query', { sql, limit: 1 }))).toMatch(/sql_(forbidden|syntax)/);
  });

  test('refuses to write to the schema itself', () => {
    const store = openNotes();
    expect(ruleOf(() => store('exec', { sql: 'DELETE FROM sqlite_schema' }))).toBe('sql_forbidden');
  });
});

describe('db.query', () => {
  const count = (limit: number, cursor?: string) => ({
    sql: 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 25) SELECT x FROM n',
    limit,
    cursor,
  });

  test('pages through all rows by its cursor', () => {
    const store = openNotes();
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = store('query', count(10, cursor));
      seen.push(...page.rows.map((row) => row['x']));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  });

  test('refuses the cursor of another query', () => {
    const store = openNotes();
    const { cursor } = store('query', count(10));
    expect(ruleOf(() => store('query', { sql: 'SELECT 1', limit: 1, cursor }))).toBe('cursor');
    expect(ruleOf(() => store('query', count(10, 'x')))).toBe('cursor');
  });

  test.each([
    "INSERT INTO notes (body) VALUES ('x')",
    "WITH x AS (SELECT 1) INSERT INTO notes (body) SELECT 'x'",
    "INSERT INTO notes (body) VALUES ('x') RETURNING id",
    'WITH x AS (SELECT 1) DELETE FROM notes',
    'CREATE TABLE x (a)',
    'DROP TABLE notes',
  ])('refuses what writes: %s', (sql) => {
    const store = openNotes();
    store('exec', { sql: "INSERT INTO notes (body) VALUES ('kept')" });
    expect(ruleOf(() => store('query', { sql, limit: 1 }))).toBe('sql_forbidden');
    expect(store('query', { sql: 'SELECT body FROM notes', limit: 9 }).rows).toEqual([
      { body: 'kept' },
    ]);
  });

  test('answers a row too large for a message with the way out', () => {
    const store = openNotes();
    const sql = 'SELECT hex(zeroblob(1900000)) AS x';
    const refusal = refusalOf(() => store('query', { sql, limit: 1 }));
    expect(refusal.reason).toBe('PayloadTooLarge');
    expect(refusal.details).toHaveProperty('wayOut', expect.stringContaining('substr()'));
  });

  test('refuses a column called __proto__, which would be lost on the wire', () => {
    const store = openNotes();
    const query = { sql: 'SELECT 1 AS __proto__', limit: 1 };
    expect(ruleOf(() => store('query', query))).toBe('sql_forbidden');
  });
});

describe('db.batch', () => {
  test('commits all of its statements', () => {
    const store = openNotes();
    const { results } = store('batch', {
      statements: [
        { sql: 'INSERT INTO notes (body) VALUES (?)', params: ['a'] },
        { sql: 'INSERT INTO notes (body) VALUES (?)', params: ['b'] },
      ],
    });
    expect(results.map(({ lastInsertRowid }) => lastInsertRowid)).toEqual([1, 2]);
  });

  test('rolls back all of them when one fails, and names it', () => {
    const store = openNotes();
    const statements = [
      { sql: "INSERT INTO notes (body) VALUES ('a')" },
      { sql: "INSERT OR ROLLBACK INTO notes (body) VALUES ('a')" },
    ];
    expect(refusalOf(() => store('batch', { statements })).details).toMatchObject({ statement: 1 });
    expect(store('query', { sql: 'SELECT * FROM notes', limit: 1 }).rows).toEqual([]);
    expect(store('exec', { sql: "INSERT INTO notes (body) VALUES ('a')" }).changes).toBe(1);
  });
});

describe('db.info', () => {
  test("names the app's tables and collections, not the daemon's", () => {
    const store = openNotes();
    store('exec', { sql: 'CREATE VIRTUAL TABLE words USING fts5 (body)' });
    store('createCollection', { collection: 'documents' });
    const description = store('describeStore', {});
    expect(description).toMatchObject({
      quotaBytes: 64 * 1024 * 1024,
      schemaVersion: 0,
      encrypted: true,
      tables: ['notes', 'words'],
      collections: ['documents'],
    });
    expect(description.bytes).toBeGreaterThan(4096);
  });
});

describe('the quota', () => {
  test('answers QuotaExceeded with limit and use, and leaves the store usable', () => {
    const quotaBytes = 512 * 1024;
    const store = startStoreEngine(makeStoreStart({ quotaBytes }));
    store('exec', { sql: 'CREATE TABLE blobs (id INTEGER PRIMARY KEY, body BLOB)' });
    const insert = { sql: 'INSERT INTO blobs (body) VALUES (randomblob(50000))' };
    const fill = (): void => {
      for (let row = 0; row < 20; row += 1) store('exec', insert);
    };
    const refusal = refusalOf(fill);
    expect(refusal.reason).toBe('QuotaExceeded');
    expect(refusal.details).toMatchObject({ limitBytes: quotaBytes });
    expect(refusal.details?.['usedBytes']).toBeGreaterThan(quotaBytes / 2);
    store('exec', { sql: 'DELETE FROM blobs' });
    expect(store('exec', insert).changes).toBe(1);
  });
});
