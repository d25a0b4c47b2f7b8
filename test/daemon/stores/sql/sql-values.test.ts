import type { SqlParams, SqlValue } from '@locara/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startStoreEngine } from '../../../support/engine-call.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

const wireValue: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed()),
  fc.constantFrom('\u0000', 'a\u0000b', '\ufeff', '\u{10ffff}'),
  fc.double({ noDefaultInfinity: true, noNaN: true }).filter((x) => !Object.is(x, -0)),
  fc.maxSafeInteger(),
  fc.uint8Array().map((bytes) => ({ base64: Buffer.from(bytes).toString('base64') })),
  fc
    .bigInt(MIN, MAX)
    .filter((x) => !Number.isSafeInteger(Number(x)))
    .map((x) => ({ int64: x.toString() })),
);

describe('wire values', () => {
  test('come back from SQLite as they went in', () => {
    const store = startStoreEngine(makeStoreStart());
    store('exec', { sql: 'CREATE TABLE v (x)' });
    fc.assert(
      fc.property(wireValue, (value) => {
        store('exec', { sql: 'DELETE FROM v' });
        store('exec', { sql: 'INSERT INTO v VALUES (?)', params: [value] });
        expect(store('query', { sql: 'SELECT x FROM v', limit: 1 }).rows).toEqual([{ x: value }]);
      }),
    );
  });

  const list = fc.array(wireValue, { minLength: 1, maxLength: 8 });

  test('come back in their places, however they are given', () => {
    const store = startStoreEngine(makeStoreStart());
    fc.assert(
      fc.property(list, fc.constantFrom(':', '@', '$', ''), (values, sign) => {
        const read = (marks: readonly string[], params: SqlParams): unknown => {
          const columns = marks.map((mark, index) => `${mark} AS c${index}`).join();
          return store('query', { sql: `SELECT ${columns}`, params, limit: 1 }).rows;
        };
        const row = Object.fromEntries(values.map((value, index) => [`c${index}`, value]));
        const marks = (write: (index: number) => string) => values.map((_, index) => write(index));
        const named = values.map((value, index) => [`${sign}p${index}`, value] as const);
        const written = sign === '' ? ':' : sign;
        expect(
          read(
            marks(() => '?'),
            values,
          ),
        ).toEqual([row]);
        expect(
          read(
            marks((index) => `?${index + 1}`),
            values,
          ),
        ).toEqual([row]);
        expect(
          read(
            marks((index) => `${written}p${index}`),
            Object.fromEntries(named),
          ),
        ).toEqual([row]);
      }),
    );
  });

  test('of floats come back to the bit, and SQLite computes with them', () => {
    const store = startStoreEngine(makeStoreStart());
    const floats = fc.float32Array({ minLength: 1, maxLength: 16, noNaN: true });
    fc.assert(
      fc.property(floats, (vector) => {
        const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
        const params = [{ f32: bytes.toString('base64') }];
        const sql = 'SELECT ? AS x, vec_length(?1) AS length';
        expect(store('query', { sql: sql.replace('?', '?1'), params, limit: 1 }).rows).toEqual([
          { x: { base64: params[0]?.f32 }, length: vector.length },
        ]);
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
