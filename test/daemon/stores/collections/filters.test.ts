import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Filter } from '@locara/protocol';
import { startStoreEngine } from '../../../support/engine-call.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

const collection = 'c';
const WORD = 'same';

function fill(metadata: readonly Record<string, unknown>[], partitionBy?: string) {
  const store = startStoreEngine(makeStoreStart());
  store('createCollection', { collection, partitionBy });
  store('upsertRecords', {
    collection,
    records: metadata.map((own, at) => ({ id: String(at), text: WORD, metadata: own })),
  });
  const explain = (filter: Filter) =>
    store('explainSearch', { collection, k: 1000, words: WORD, filter }).filter;
  const search = (filter: Filter) =>
    store('searchRecords', { collection, k: 1000, words: WORD, filter })
      .hits.map(({ id }) => Number(id))
      .sort((a, b) => a - b);
  return { store, search, explain };
}

describe('a filter', () => {
  test('compares the elements of an array with eq and in, and never its ranges', () => {
    const { search } = fill([
      { tags: ['a', 1, true, null] },
      { tags: [['a'], { a: 'a' }] },
      { tags: 'a' },
      { tags: '["a",1,true,null]' },
      { tags: { 0: 'a' } },
    ]);
    expect(search({ tags: { eq: 'a' } })).toEqual([0, 2]);
    expect(search({ tags: { in: ['x', 1] } })).toEqual([0]);
    expect(search({ tags: { eq: true } })).toEqual([0]);
    expect(search({ tags: { eq: null } })).toEqual([0]);
    expect(search({ tags: { eq: '["a",1,true,null]' } })).toEqual([3]);
    expect(search({ tags: { gte: '' } })).toEqual([2, 3]);
    expect(search({ not: { tags: { eq: 'a' } } })).toEqual([1, 3, 4]);
  });

  test('agrees with JavaScript on any names and values', () => {
    const scalar = fc.oneof(
      fc.constantFrom<string | number | boolean | null>(true, false, null, 0, 1, -0, 1.5, '1', ''),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.constantFrom(-48_160_668_222_298_410, 2 ** 53, 2 ** 63, -(2 ** 63), 2 ** 64, 1e21),
    );
    const name = fc
      .oneof(
        fc.constantFrom('a', 'a.b', '$', '[0]', '"', '\\', '\\u0061', '', '\n', 'a"b', '#'),
        fc.string({ unit: 'grapheme', maxLength: 3 }),
      )
      .filter((word) => !['and', 'or', 'not', '__proto__'].includes(word));
    const metadata = fc.dictionary(name, fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })));
    fc.assert(
      fc.property(fc.array(metadata, { maxLength: 6 }), name, scalar, (all, field, wanted) => {
        const records = all.map((own) => ({ ...own, [field]: own[field] ?? all.length }));
        const { search } = fill([...all, ...records, { [field]: wanted }]);
        const expected = [...all, ...records, { [field]: wanted }].flatMap((own, at) => {
          const value = Object.hasOwn(own, field) ? own[field] : undefined;
          const values: unknown[] = Array.isArray(value) ? value : [value];
          return values.some((one) => one === wanted) ? [at] : [];
        });
        expect(search({ [field]: { eq: wanted } })).toEqual(expected);
        expect(search({ [field]: { in: [wanted] } })).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a whole number that is no safe integer', () => {
  test.each([2 ** 53 + 2, -48_160_668_222_298_410, 2 ** 62 + 1024, 2 ** 63, -(2 ** 63), 1e300])(
    'is found by itself: %d',
    (n) => {
      const { search } = fill([{ n }, { n: String(n) }, { n: n * 2 }, { n: 0.5 }]);
      expect(search({ n: { eq: n } })).toEqual([0]);
      expect(search({ n: { in: [n] } })).toEqual([0]);
      expect(search({ n: { gte: n, lte: n } })).toEqual([0]);
      expect(search({ n: { [n < 0 ? 'lt' : 'gt']: n } })).toEqual([2]);
    },
  );
});

describe('a partition', () => {
  const kinds = [
    { kind: 'a' },
    { kind: 'b', x: 1 },
    { kind: 1 },
    { kind: '1' },
    {},
    { kind: null },
  ];

  test('is used where the filter fixes its field, at the top or in an and there', () => {
    const { search, explain } = fill(kinds, 'kind');
    const used = (values: number) => ({ field: 'kind', values });
    expect(explain({ kind: { eq: 'a' } })).toEqual({ matches: 1, partition: used(1) });
    expect(explain({ kind: { in: ['a', 'b'] }, x: { eq: 1 } })).toEqual({
      matches: 1,
      partition: used(2),
    });
    expect(explain({ and: [{ x: { exists: true } }, { kind: { eq: 'b' } }] })).toEqual({
      matches: 1,
      partition: used(1),
    });
    for (const filter of [
      { kind: { gte: 'a' } },
      { or: [{ kind: { eq: 'a' } }] },
      { not: { kind: { eq: 'a' } } },
    ]) {
      expect(explain(filter)?.partition).toBeUndefined();
    }
    expect(search({ kind: { eq: 1 } })).toEqual([2]);
    expect(search({ kind: { eq: '1' } })).toEqual([3]);
    expect(search({ kind: { eq: null } })).toEqual([5]);
    expect(search({ kind: { exists: false } })).toEqual([4]);
    expect(search({ kind: { in: [] } })).toEqual([]);
  });

  test('changes with its record', () => {
    const { store, search } = fill(kinds, 'kind');
    const records = [{ id: '0', text: WORD, metadata: { kind: 'b' } }];
    store('upsertRecords', { collection, records });
    expect(search({ kind: { eq: 'a' } })).toEqual([]);
    expect(search({ kind: { eq: 'b' } })).toEqual([0, 1]);
  });

  test('holds one scalar', () => {
    const { store } = fill(kinds, 'kind');
    for (const kind of [['a'], { a: 1 }]) {
      const records = [{ id: 'x', metadata: { kind } }];
      expect(refusalOf(() => store('upsertRecords', { collection, records })).details).toEqual({
        rule: 'partition',
      });
    }
  });

  test.each(['and', 'or', 'not'])('is never called %s', (partitionBy) => {
    const store = startStoreEngine(makeStoreStart());
    expect(refusalOf(() => store('createCollection', { collection, partitionBy })).details).toEqual(
      { rule: 'partition' },
    );
  });
});
