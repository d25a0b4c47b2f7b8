import type { SqlValue } from '@locara/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startStoreEngine } from '../../../support/engine-call.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

describe('wire values', () => {
  test('come back from SQLite as they went in', () => {
    const store = startStoreEngine(makeStoreStart());
    store('exec', { sql: 'CREATE TABLE v (x)' });
    const wireValue: fc.Arbitrary<SqlValue> = fc.oneof(
      fc.constant(null),
      fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed()),
      fc.double({ noDefaultInfinity: true, noNaN: true }).filter((x) => !Object.is(x, -0)),
      fc.maxSafeInteger(),
      fc.uint8Array().map((bytes) => ({ base64: Buffer.from(bytes).toString('base64') })),
      fc
        .bigInt(MIN, MAX)
        .filter((x) => !Number.isSafeInteger(Number(x)))
        .map((x) => ({ int64: x.toString() })),
    );
    fc.assert(
      fc.property(wireValue, (value) => {
        store('exec', { sql: 'DELETE FROM v' });
        store('exec', { sql: 'INSERT INTO v VALUES (?)', params: [value] });
        expect(store('query', { sql: 'SELECT x FROM v', limit: 1 }).rows).toEqual([{ x: value }]);
      }),
    );
  });

  test.each([
    [true, 'integer', 1],
    [false, 'integer', 0],
    [7, 'integer', 7],
    [7.5, 'real', 7.5],
    [{ int64: '7' }, 'integer', 7],
    [{ int64: MIN.toString() }, 'integer', { int64: MIN.toString() }],
    [{ f32: 'AACAPw==' }, 'blob', { base64: 'AACAPw==' }],
    [{ base64: '' }, 'blob', { base64: '' }],
  ])('%j is stored as %s', (value, type, back) => {
    const store = startStoreEngine(makeStoreStart());
    const sql = 'SELECT typeof(?1) AS type, ?1 AS back';
    expect(store('query', { sql, params: [value], limit: 1 }).rows).toEqual([{ type, back }]);
  });

  test.each([(MAX + 1n).toString(), (MIN - 1n).toString(), '9999999999999999999'])(
    'refuses %s as a 64-bit integer',
    (int64) => {
      const store = startStoreEngine(makeStoreStart());
      const query = { sql: 'SELECT ?', params: [{ int64 }], limit: 1 };
      expect(refusalOf(() => store('query', query)).details).toEqual({ rule: 'int64' });
    },
  );

  test('refuses an f32 value that is not whole floats', () => {
    const store = startStoreEngine(makeStoreStart());
    const query = { sql: 'SELECT ?', params: [{ f32: 'AACA' }], limit: 1 };
    expect(refusalOf(() => store('query', query)).details).toEqual({ rule: 'f32' });
  });

  test('refuses a parameter given twice, with and without its sign', () => {
    const store = startStoreEngine(makeStoreStart());
    const query = { sql: 'SELECT :a', params: { a: 1, ':a': 2 }, limit: 1 };
    expect(refusalOf(() => store('query', query)).details).toEqual({ rule: 'sql_params' });
  });

  test('gives null for the infinities, which JSON cannot say', () => {
    const store = startStoreEngine(makeStoreStart());
    const sql = 'SELECT 9e999 AS x, -9e999 AS y';
    expect(store('query', { sql, limit: 1 }).rows).toEqual([{ x: null, y: null }]);
  });
});
