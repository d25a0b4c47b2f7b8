import { expect, test } from 'vitest';
import { startStoreEngine } from '../../../support/engine-call.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

test.each([
  'CREATE TABLE t (a COLLATE nowhere)',
  'CREATE TABLE t (a COLLATE nowhere) STRICT',
  'SELECT name FROM sqlite_schema ORDER BY name COLLATE nowhere',
])('SQL that names no known collation condemns no store: %s', (sql) => {
  const store = startStoreEngine(makeStoreStart());
  const { reason, details } = refusalOf(() => store('exec', { sql }));
  expect([reason, details?.['rule']]).toEqual(['InvalidParams', 'sql_syntax']);
  expect(store('query', { sql: 'SELECT 1 AS one', limit: 1 })).toEqual({ rows: [{ one: 1 }] });
});
