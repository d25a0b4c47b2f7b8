import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Filter } from '@locara/protocol';
import { startStoreEngine, type CallStore } from '../../../support/engine-call.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

const vector = (...values: number[]): Float32Array => Float32Array.from(values);
const collection = 'animals';

/** A collection with three records on two axes: cats to the right, money upwards. */
function openAnimals(): CallStore {
  const store = startStoreEngine(makeStoreStart());
  store('createCollection', { collection });
  store('upsertRecords', {
    collection,
    records: [
      {
        id: 'cat',
        text: 'The cat sat on the mat',
        metadata: { kind: 'pet', legs: 4, tame: true, 'a"b.c': 'odd' },
        vectors: [vector(1, 0)],
      },
      {
        id: 'kitten',
        text: 'A kitten plays with a café cat',
        metadata: { kind: 'pet', legs: 4.5, tame: null },
        vectors: [vector(2, 0.2)],
      },
      {
        id: 'rates',
        text: 'Interest rates rose e-mail',
        metadata: { kind: 'money' },
        vectors: [vector(0, 1)],
      },
    ],
  });
  return store;
}

const idsOf = ({ hits }: { readonly hits: readonly { readonly id: string }[] }): string[] =>
  hits.map(({ id }) => id);

describe('collections', () => {
  test('are created, listed, described and dropped', () => {
    const store = openAnimals();
    expect(store('listCollections', {})).toEqual({
      collections: [{ collection, dimensions: 2, tokenizer: 'unicode61', records: 3, vectors: 3 }],
    });
    expect(store('describeCollection', { collection })).toEqual(
      store('listCollections', {}).collections[0],
    );
    expect(store('dropCollection', { collection })).toEqual({ dropped: true });
    expect(store('listCollections', {})).toEqual({ collections: [] });
    expect(store('createCollection', { collection, dimensions: 3 })).toEqual({
      collection,
      dimensions: 3,
      tokenizer: 'unicode61',
    });
  });

  test('are made once', () => {
    const store = openAnimals();
    expect(refusalOf(() => store('createCollection', { collection })).reason).toBe('Conflict');
  });

  test.each([
    ['describeCollection', {}],
    ['dropCollection', {}],
    ['upsertRecords', { records: [{ id: 'a' }] }],
    ['getRecords', { ids: ['a'] }],
    ['deleteRecords', { ids: ['a'] }],
    ['searchRecords', { k: 1, words: 'a' }],
  ] as const)('answer NotFound where absent: %s', (op, params) => {
    const store = openAnimals();
    const call = store as (op: string, params: unknown) => unknown;
    expect(refusalOf(() => call(op, { ...params, collection: 'absent' })).reason).toBe('NotFound');
  });

  test('give records back as they were', () => {
    const store = openAnimals();
    const { records } = store('getRecords', { collection, ids: ['rates', 'absent', 'cat'] });
    expect(records).toEqual([
      { id: 'rates', text: 'Interest rates rose e-mail', metadata: { kind: 'money' } },
      {
        id: 'cat',
        text: 'The cat sat on the mat',
        metadata: { kind: 'pet', legs: 4, tame: true, 'a"b.c': 'odd' },
      },
    ]);
    const withVector = store('getRecords', { collection, ids: ['cat'], vectors: true });
    expect(withVector.records[0]?.vectors).toEqual([vector(1, 0)]);
  });

  test('replace a record whole, its vector and words too', () => {
    const store = openAnimals();
    store('upsertRecords', { collection, records: [{ id: 'cat', text: 'a dog' }] });
    expect(store('getRecords', { collection, ids: ['cat'], vectors: true }).records).toEqual([
      { id: 'cat', text: 'a dog' },
    ]);
    expect(idsOf(store('searchRecords', { collection, k: 9, words: 'mat' }))).toEqual([]);
    expect(idsOf(store('searchRecords', { collection, k: 9, words: 'dog' }))).toEqual(['cat']);
    const near = store('searchRecords', { collection, k: 9, vector: vector(1, 0) });
    expect(idsOf(near)).toEqual(['kitten', 'rates']);
  });

  test('delete records, and count them', () => {
    const store = openAnimals();
    expect(store('deleteRecords', { collection, ids: ['cat', 'cat', 'absent'] })).toEqual({
      deleted: 1,
    });
    expect(idsOf(store('searchRecords', { collection, k: 9, words: 'cat' }))).toEqual(['kitten']);
  });

  test('fix the length of their vectors by the first one', () => {
    const store = openAnimals();
    const records = [{ id: 'x', vectors: [vector(1, 2, 3)] }];
    for (const work of [
      () => store('upsertRecords', { collection, records }),
      () => store('searchRecords', { collection, k: 1, vector: vector(1, 2, 3) }),
    ]) {
      expect(refusalOf(work)).toMatchObject({
        reason: 'InvalidParams',
        details: { rule: 'dimensions', expected: 2, actual: 3 },
      });
    }
    const mixed = [
      { id: 'x', vectors: [vector(1)] },
      { id: 'y', vectors: [vector(1, 2)] },
    ];
    store('createCollection', { collection: 'mixed' });
    expect(
      refusalOf(() => store('upsertRecords', { collection: 'mixed', records: mixed })).reason,
    ).toBe('InvalidParams');
    expect(store('describeCollection', { collection: 'mixed' })).toEqual({
      collection: 'mixed',
      tokenizer: 'unicode61',
      records: 0,
      vectors: 0,
    });
  });

  test.each([
    vector(0, 0),
    vector(Number.NaN, 1),
    vector(Number.POSITIVE_INFINITY, 1),
    vector(1e-40, 0),
    vector(3e38, 3e38),
  ])('refuse a vector without a direction: %j', (useless) => {
    const store = openAnimals();
    const records = [{ id: 'x', vectors: [useless] }];
    expect(refusalOf(() => store('upsertRecords', { collection, records })).details).toEqual({
      rule: 'vector',
    });
    expect(
      refusalOf(() => store('searchRecords', { collection, k: 1, vector: useless })).details,
    ).toEqual({ rule: 'vector' });
  });

  test('never mix the vectors of two models', () => {
    const store = openAnimals();
    const records = [{ id: 'x', vectors: [vector(1, 1)] }];
    store('upsertRecords', { collection, records, modelDigest: 'sha256:a' });
    expect(
      refusalOf(() => store('upsertRecords', { collection, records, modelDigest: 'sha256:b' }))
        .reason,
    ).toBe('Conflict');
    const search = { collection, k: 1, vector: vector(1, 1), modelDigest: 'sha256:b' };
    expect(refusalOf(() => store('searchRecords', search)).reason).toBe('Conflict');
    expect(store('describeCollection', { collection }).modelDigest).toBe('sha256:a');
  });

  test('refuse metadata that is too large', () => {
    const store = openAnimals();
    const records = [{ id: 'x', metadata: { body: 'x'.repeat(300_000) } }];
    expect(refusalOf(() => store('upsertRecords', { collection, records })).reason).toBe(
      'PayloadTooLarge',
    );
  });
});

describe('searching a collection', () => {
  test('by vector scores the cosine similarity, best first', () => {
    const { hits } = openAnimals()('searchRecords', { collection, k: 2, vector: vector(5, 0) });
    expect(hits.map(({ id }) => id)).toEqual(['cat', 'kitten']);
    expect(hits[0]).toMatchObject({ text: 'The cat sat on the mat', metadata: { kind: 'pet' } });
    expect(hits[0]?.score).toBeCloseTo(1, 5);
    expect(hits[1]?.score).toBeCloseTo(2 / Math.hypot(2, 0.2), 5);
  });

  test('by words ranks the records that have more of the rarer ones', () => {
    const store = openAnimals();
    const search = (words: string): string[] =>
      idsOf(store('searchRecords', { collection, k: 9, words }));
    expect(search('cat')).toHaveLength(2);
    expect(search('CAT mat')).toEqual(['cat', 'kitten']);
    expect(search('cafe')).toEqual(['kitten']);
    expect(search('e-mail')).toEqual(['rates']);
    expect(search('dog')).toEqual([]);
    const { hits } = store('searchRecords', { collection, k: 9, words: 'cat' });
    expect(hits.every(({ score }) => score > 0)).toBe(true);
  });

  test('by both fuses the two rankings', () => {
    const { hits } = openAnimals()('searchRecords', {
      collection,
      k: 3,
      vector: vector(1, 0),
      words: 'kitten',
    });
    expect(hits[0]?.id).toBe('kitten');
    expect(hits.map(({ id }) => id).sort()).toEqual(['cat', 'kitten', 'rates']);
    expect(hits[0]?.score).toBeCloseTo(1 / 62 + 1 / 61, 3);
  });

  test.each([
    '"',
    '"cat',
    '*',
    'cat*',
    'NEAR(',
    'NEAR(cat mat)',
    '-',
    '-cat',
    'a AND',
    'OR',
    'NOT',
    'text:cat',
    '{text}: cat',
    '^cat',
    'cat + mat',
    '(',
    ')',
    "'",
    '\\',
    '\0',
    '%',
    '🐈',
    '""""',
  ])('reads no query language in the words: %j', (words) => {
    const { hits } = openAnimals()('searchRecords', { collection, k: 9, words });
    expect(Array.isArray(hits)).toBe(true);
  });

  test('never fails on any words', () => {
    const store = openAnimals();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (words) => {
        store('searchRecords', { collection, k: 1, words });
      }),
      { numRuns: 300 },
    );
  });

  test('takes very long words', () => {
    const words = Array.from({ length: 3000 }, (_, index) => `w${index}`).join(' ');
    expect(openAnimals()('searchRecords', { collection, k: 1, words }).hits).toEqual([]);
  });

  const filtered: [Filter, string[]][] = [
    [{}, ['cat', 'kitten', 'rates']],
    [{ kind: { eq: 'pet' } }, ['cat', 'kitten']],
    [{ kind: { in: ['money', 'x', 4] } }, ['rates']],
    [{ kind: { in: [] } }, []],
    [{ legs: { eq: 4 } }, ['cat']],
    [{ legs: { eq: '4' } }, []],
    [{ legs: { gt: 4 } }, ['kitten']],
    [{ legs: { gte: 4, lt: 4.5 } }, ['cat']],
    [{ kind: { lte: 'money' } }, ['rates']],
    [{ tame: { eq: true } }, ['cat']],
    [{ tame: { eq: null } }, ['kitten']],
    [{ tame: { in: [null, true] } }, ['cat', 'kitten']],
    [{ legs: { exists: false } }, ['rates']],
    [{ tame: { exists: true } }, ['cat', 'kitten']],
    [{ 'a"b.c': { eq: 'odd' } }, ['cat']],
    [{ kind: { eq: 'pet' }, legs: { eq: 4 } }, ['cat']],
    [{ or: [{ legs: { eq: 4 } }, { kind: { eq: 'money' } }] }, ['cat', 'rates']],
    [{ and: [{ kind: { eq: 'pet' } }, { not: { legs: { eq: 4 } } }] }, ['kitten']],
    [{ or: [] }, []],
    [{ and: [] }, ['cat', 'kitten', 'rates']],
    [{ "x' OR 1 --": { eq: "' OR 1 --" } }, []],
  ];
  test.each(filtered)('keeps to the filter %j', (filter, expected) => {
    const store = openAnimals();
    const byVector = store('searchRecords', { collection, k: 9, vector: vector(1, 1), filter });
    expect(idsOf(byVector).sort()).toEqual(expected);
    const byWords = store('searchRecords', { collection, k: 9, words: 'cat rates', filter });
    expect(idsOf(byWords).sort()).toEqual(expected);
  });

  const deep = Array.from({ length: 20 }).reduce<Filter>((not) => ({ not }), { a: { eq: 1 } });
  const wide = { or: Array.from({ length: 300 }, () => ({ a: { eq: 1 } })) };
  test.each<Filter>([
    { kind: {} },
    { kind: { like: 'x' } },
    { kind: { eq: { a: 1 } } },
    { kind: { gt: true } },
    { kind: { exists: 'yes' } },
    { kind: { in: 'pet' } },
    { kind: 'pet' },
    { and: { a: { eq: 1 } } },
    { or: ['x'] },
    { not: [] },
    { kind: { constructor: 1 } },
    deep,
    wide,
  ])('refuses the filter %j', (filter) => {
    const store = openAnimals();
    const search = { collection, k: 1, words: 'cat', filter };
    expect(refusalOf(() => store('searchRecords', search)).details).toEqual({ rule: 'filter' });
  });
});
