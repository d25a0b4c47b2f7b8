import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPassageCutter } from '../../../../../daemon/stores/collections/words/passages.ts';
import { makeStoreStart } from '../../../../support/temporary-store.ts';
import { openEngine } from '../../../../support/open-engine.ts';

describe('a passage of a long text', () => {
  test('is around the first word of the query, with every word in it marked', () => {
    const text = `${'x '.repeat(100)}The cat and the Cat. ${'y '.repeat(300)}`;
    const { text: passage, marks } = createPassageCutter('cat “unknown”')(text);
    expect(passage).toMatch(/^….*The cat and the Cat\..*…$/);
    expect(marks.map(({ start, end }) => passage.slice(start, end))).toEqual(['cat', 'Cat']);
  });

  test('is the beginning where no word of the query is written so', () => {
    expect(createPassageCutter('absent')('The beginning.').marks).toEqual([]);
    expect(createPassageCutter('"*(')('The beginning.').text).toBe('The beginning.');
  });

  test('marks nothing but words, whatever the query and the text are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme', maxLength: 900 }),
        (query, text) => {
          const { text: passage, marks } = createPassageCutter(query)(text);
          expect(passage.isWellFormed()).toBe(true);
          for (const { start, end } of marks) {
            expect(passage.slice(start, end)).toMatch(/^[\p{L}\p{N}]+$/u);
          }
        },
      ),
    );
  });
});

test('a snippet of a book that has its word eighty thousand times is there at once', () => {
  const { call } = openEngine(makeStoreStart());
  call('createCollection', { collection: 'books' });
  const text = `${'word '.repeat(80_000)}${'the '.repeat(80_000)}`;
  call('upsertRecords', { collection: 'books', records: [{ id: 'b', text }] });
  const { hits } = call('searchRecords', {
    collection: 'books',
    k: 1,
    words: 'the',
    snippetsOf: 'the',
  });
  expect(hits[0]?.snippet?.marks.length).toBeGreaterThan(10);
});
