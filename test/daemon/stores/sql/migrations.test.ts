import { describe, expect, test } from 'vitest';
import { startStoreEngine } from '../../../support/engine-call.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

const FIRST = { version: 1, name: 'notes', sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY)' };
const SECOND = {
  version: 2,
  name: 'bodies',
  sql: `ALTER TABLE notes ADD COLUMN body TEXT;
    CREATE TRIGGER t AFTER INSERT ON notes BEGIN UPDATE notes SET body = 'x'; SELECT 1; END;
    INSERT INTO notes (id) VALUES (1);`,
};

const THIRD = { version: 3, name: 'more', sql: 'CREATE TABLE more (id)' };

describe('db.migrate', () => {
  test('applies what is new, once', () => {
    const store = startStoreEngine(makeStoreStart());
    expect(store('migrate', { migrations: [FIRST] })).toEqual({ version: 1, applied: [1] });
    expect(store('migrate', { migrations: [FIRST, SECOND] })).toMatchObject({
      version: 2,
      applied: [2],
    });
    expect(store('migrate', { migrations: [FIRST, SECOND] })).toEqual({ version: 2, applied: [] });
    expect(store('describeStore', {})).toMatchObject({ schemaVersion: 2, tables: ['notes'] });
    expect(store('query', { sql: 'SELECT body FROM notes', limit: 1 }).rows).toEqual([
      { body: 'x' },
    ]);
  });

  test.each([
    ['another text', 1, 'sql', [{ ...FIRST, sql: 'CREATE TABLE other (id)' }, SECOND]],
    ['another name', 1, 'name', [{ ...FIRST, name: 'other' }, SECOND]],
    ['a missing migration', 1, 'missing', [SECOND]],
    ['an older app', 3, 'missing', [FIRST]],
    ['no migrations', 1, 'missing', []],
    ['one put in between', 2, 'order', [FIRST, { ...SECOND, version: 2 }, THIRD]],
  ])('answers %s with Conflict that names the version', (_case, version, differs, migrations) => {
    const store = startStoreEngine(makeStoreStart());
    store('migrate', { migrations: [FIRST, THIRD] });
    expect(refusalOf(() => store('migrate', { migrations }))).toMatchObject({
      reason: 'Conflict',
      details: { version, differs },
    });
  });

  test('copies a store that holds anything, so that the migration can be taken back', () => {
    const store = startStoreEngine(makeStoreStart());
    expect(store('migrate', { migrations: [FIRST] })).not.toHaveProperty('backup');
    const { backup = '' } = store('migrate', { migrations: [FIRST, SECOND] });
    expect(store('listBackups', {}).backups).toMatchObject([
      { id: backup, reason: 'migration', schemaVersion: 1 },
    ]);
    expect(store('restoreBackup', { backup })).toMatchObject({ schemaVersion: 1 });
    expect(store('query', { sql: 'SELECT * FROM notes', limit: 1 }).rows).toEqual([]);
    expect(store('migrate', { migrations: [FIRST, SECOND] })).toMatchObject({ applied: [2] });
  });

  test('copies nothing for one that is refused, and keeps no copy of one that failed', () => {
    const store = startStoreEngine(makeStoreStart());
    store('migrate', { migrations: [FIRST] });
    for (const sql of ["ATTACH '/tmp/x' AS y", 'CREATE TABLE a (x); CREATE TABLE a (x)']) {
      const broken = { version: 2, name: 'broken', sql };
      refusalOf(() => store('migrate', { migrations: [FIRST, broken] }));
      expect(store('listBackups', {}).backups).toEqual([]);
    }
  });

  test('leaves nothing behind when one of them fails', () => {
    const store = startStoreEngine(makeStoreStart());
    const broken = { version: 2, name: 'broken', sql: 'CREATE TABLE a (x); CREATE TABLE a (x)' };
    const refusal = refusalOf(() => store('migrate', { migrations: [FIRST, broken] }));
    expect(refusal.details).toMatchObject({ version: 2 });
    expect(store('describeStore', {})).toMatchObject({ schemaVersion: 0, tables: [] });
  });

  test('refuses forbidden statements anywhere in the script', () => {
    const store = startStoreEngine(makeStoreStart());
    const sql = "CREATE TABLE a (x); ATTACH '/tmp/x' AS y; CREATE TABLE b (x)";
    const refusal = refusalOf(() => store('migrate', { migrations: [{ ...FIRST, sql }] }));
    expect(refusal.details).toMatchObject({ rule: 'sql_forbidden' });
    expect(store('describeStore', {}).tables).toEqual([]);
  });

  test('refuses versions out of order', () => {
    const store = startStoreEngine(makeStoreStart());
    const refusal = refusalOf(() => store('migrate', { migrations: [SECOND, FIRST] }));
    expect(refusal.details).toEqual({ rule: 'migration_order' });
  });

  test('rebuilds a table that others refer to, and refuses to leave a dangling reference', () => {
    const store = startStoreEngine(makeStoreStart());
    const setUp = {
      version: 1,
      name: 'tables',
      sql: `CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a ON DELETE CASCADE);
        INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);`,
    };
    const rebuild = {
      version: 2,
      name: 'rebuild',
      sql: `CREATE TABLE a2 (id INTEGER PRIMARY KEY, x); INSERT INTO a2 (id) SELECT id FROM a;
        DROP TABLE a; ALTER TABLE a2 RENAME TO a;`,
    };
    store('migrate', { migrations: [setUp, rebuild] });
    expect(store('query', { sql: 'SELECT a FROM b', limit: 1 }).rows).toEqual([{ a: 1 }]);
    const dangle = { version: 3, name: 'dangle', sql: 'DELETE FROM a' };
    const refusal = refusalOf(() => store('migrate', { migrations: [setUp, rebuild, dangle] }));
    expect(refusal.reason).toBe('Conflict');
    expect(refusalOf(() => store('exec', { sql: 'INSERT INTO b VALUES (9)' })).reason).toBe(
      'Conflict',
    );
  });
});

test('without store:sql a migration makes no table of what a query finds, and may still make views and computed columns', () => {
  const store = startStoreEngine(makeStoreStart());
  const migrate = (sql: string) =>
    store('migrate', { migrations: [{ version: 1, name: 'a', sql }], schemaOnly: true });
  for (const sql of [
    'CREATE TABLE a AS WITH RECURSIVE c(x) AS (SELECT 1) SELECT x FROM c',
    'create table if not exists "as" as values (1)',
  ]) {
    expect(refusalOf(() => migrate(sql)).reason).toBe('CapabilityDenied');
  }
  migrate('CREATE TABLE t (a, b AS (a + 1)); CREATE VIEW v AS SELECT b FROM t AS u');
});
