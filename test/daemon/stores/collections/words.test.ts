import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startStoreEngine } from '../../../support/engine-call.ts';
import { makeStoreStart } from '../../../support/temporary-store.ts';

const collection = 'c';
type Tokenizer = 'unicode61' | 'porter' | 'trigram';

function fill(tokenizer: Tokenizer, texts: readonly string[]) {
  const store = startStoreEngine(makeStoreStart());
  store('createCollection', { collection, tokenizer });
  store('upsertRecords', {
    collection,
    records: texts.map((text, at) => ({ id: String(at), text })),
  });
  const hitsOf = (words: string, snippetsOf?: string) =>
    store('searchRecords', { collection, k: 50, words, snippetsOf }).hits;
  return { store, hitsOf, idsOf: (words: string) => hitsOf(words).map(({ id }) => Number(id)) };
}

describe('words', () => {
  const texts = ['The runners were running', 'Straße nach Köln', '東京都の天気予報', 'a run'];
  test.each<[Tokenizer, string, number[]]>([
    ['unicode61', 'running', [0]],
    ['unicode61', 'koln', [1]],
    ['unicode61', 'runn', []],
    ['porter', 'runs', [3, 0]],
    ['porter', 'KOLN', [1]],
    ['trigram', 'unnin', [0]],
    ['trigram', '天気予', [2]],
    ['trigram', 'köl', [1]],
    ['trigram', 'ru', []],
  ])('cut by %s: %j', (tokenizer, query, expected) => {
    expect(fill(tokenizer, texts).idsOf(query)).toEqual(expected);
  });

  test.each<Tokenizer>(['unicode61', 'porter', 'trigram'])(
    'follow their record when it is replaced or deleted, with %s',
    (tokenizer) => {
      const { store, idsOf } = fill(tokenizer, ['alpha beta', 'alpha']);
      store('upsertRecords', { collection, records: [{ id: '0', text: 'gamma' }] });
      expect(idsOf('beta')).toEqual([]);
      expect(idsOf('alpha')).toEqual([1]);
      store('upsertRecords', { collection, records: [{ id: '0' }] });
      store('deleteRecords', { collection, ids: ['1'] });
      expect(idsOf('alpha gamma')).toEqual([]);
    },
  );

  test('keep to a filter, however the records are spread', () => {
    const texts = Array.from({ length: 300 }, (_value, at) => `word${at % 3} common`);
    const { store } = fill('unicode61', texts);
    store('upsertRecords', {
      collection,
      records: [7, 100, 299].map((at) => ({
        id: String(at),
        text: texts[at],
        metadata: { in: true },
      })),
    });
    const filter = { in: { eq: true } };
    const { hits } = store('searchRecords', { collection, k: 9, words: 'common', filter });
    expect(hits.map(({ id }) => id)).toEqual(['7', '100', '299']);
  });
});

describe('snippets', () => {
  test('tell where the words stand, without any markup', () => {
    const text = `${'filler '.repeat(100)}the <b>Cat</b> 🐈 sat with a [cat] ${'filler '.repeat(100)}`;
    const [hit] = fill('unicode61', [text]).hitsOf('cat', 'cat');
    const { snippet } = hit ?? {};
    expect(snippet?.text).toContain('<b>Cat</b> 🐈');
    expect(snippet?.text.startsWith('…')).toBe(true);
    const marked = snippet?.marks.map(({ start, end }) => snippet.text.slice(start, end));
    expect(marked).toEqual(['Cat', 'cat']);
  });

  test('of a record found otherwise are the beginning of its text', () => {
    const { store } = fill('unicode61', []);
    store('upsertRecords', {
      collection,
      records: [
        { id: 'long', text: `${'x'.repeat(599)}🐈 and more`, vectors: [Float32Array.of(1)] },
        { id: 'none', vectors: [Float32Array.of(1)] },
      ],
    });
    const search = { collection, k: 2, vector: Float32Array.of(1), snippetsOf: 'absent' };
    const [long, none] = store('searchRecords', search).hits;
    expect(long?.snippet).toEqual({ text: `${'x'.repeat(599)}…`, marks: [] });
    expect(none?.snippet).toBeUndefined();
  });

  test('of one word of a megabyte are short', () => {
    const { hitsOf } = fill('unicode61', [`${'y'.repeat(1_000_000)} end`]);
    const [hit] = hitsOf('end', 'end');
    expect(hit?.snippet?.text.length).toBeLessThan(700);
  });

  test.each<Tokenizer>(['unicode61', 'porter', 'trigram'])(
    'mark parts of any text with %s',
    (tokenizer) => {
      const { store } = fill(tokenizer, []);
      fc.assert(
        fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }), (raw) => {
          const text = raw.toWellFormed();
          store('upsertRecords', { collection, records: [{ id: 'a', text }] });
          const search = { collection, k: 1, words: text, snippetsOf: text };
          for (const { snippet } of store('searchRecords', search).hits) {
            let from = 0;
            for (const { start, end } of snippet?.marks ?? []) {
              expect(start).toBeGreaterThanOrEqual(from);
              expect(end).toBeGreaterThan(start);
              from = end;
            }
            expect(from).toBeLessThanOrEqual(snippet?.text.length ?? 0);
          }
        }),
        { numRuns: 100 },
      );
    },
  );
});

describe('fused rankings', () => {
  const vector = Float32Array.of(1, 0);
  const search = { collection, k: 3, vector, words: 'cat' };
  function fillBoth() {
    const { store } = fill('unicode61', []);
    store('upsertRecords', {
      collection,
      records: [
        { id: 'meaning', text: 'a kitten', vectors: [Float32Array.of(1, 0)] },
        { id: 'both', text: 'a cat', vectors: [Float32Array.of(1, 1)] },
        { id: 'words', text: 'cat cat' },
      ],
    });
    return store;
  }

  test('say what each gave, and sum the weighted ranks', () => {
    const { hits } = fillBoth()('searchRecords', search);
    expect(hits.map(({ id }) => id)).toEqual(['both', 'meaning', 'words']);
    expect(hits[0]?.scores?.meaning).toBeCloseTo(Math.SQRT1_2, 5);
    expect(hits[0]?.scores?.words).toBeGreaterThan(0);
    expect(Object.keys(hits[1]?.scores ?? {})).toEqual(['meaning']);
    expect(Object.keys(hits[2]?.scores ?? {})).toEqual(['words']);
  });

  test('follow the weights', () => {
    const store = fillBoth();
    const idsOf = (meaning: number, words: number) =>
      store('searchRecords', { ...search, weights: { meaning, words } }).hits.map(({ id }) => id);
    expect(idsOf(0, 1)).toEqual(['words', 'both']);
    expect(idsOf(1, 0)).toEqual(['meaning', 'both']);
    const [best] = store('searchRecords', { ...search, weights: { meaning: 3, words: 0.5 } }).hits;
    expect(best).toMatchObject({ id: 'both' });
    expect(best?.score).toBeCloseTo(3 / 62 + 0.5 / 62, 6);
  });

  test('are explained, without a word of the query', () => {
    const store = fillBoth();
    const filter = { kind: { exists: false } };
    const explained = store('explainSearch', { ...search, filter });
    expect(explained).toEqual({
      filter: { matches: 3 },
      meaning: expect.objectContaining({ method: 'exact', vectors: 2, found: 2 }) as unknown,
      words: { tokenizer: 'unicode61', terms: 1, found: 2 },
      fusion: { method: 'reciprocal-rank', depth: 64, weights: { meaning: 1, words: 1 } },
      hits: 3,
    });
    expect(JSON.stringify(explained)).not.toMatch(/cat|kind/);
  });
});
