import { describe, expect, test } from 'vitest';
import { collectionsMethods } from '../../protocol/methods/collections.ts';
import { SqlValue } from '../../protocol/values.ts';

const LONE = 'a\ud800b';

describe('text', () => {
  test.each(['', 'plain', 'with \0 inside', '\u{1f600}'])(
    'passes when UTF-8 can carry it: %j',
    (text) => {
      expect(SqlValue.parse(text)).toBe(text);
    },
  );

  test('with a lone surrogate is refused as a value, not stored as something else', () => {
    expect(SqlValue.safeParse(LONE).success).toBe(false);
  });

  test.each([{ id: LONE }, { id: 'a', text: LONE }])(
    'with one is refused in a record: %j',
    (record) => {
      const { params } = collectionsMethods['collections.upsert'];
      expect(params.safeParse({ collection: 'c', records: [record] }).success).toBe(false);
    },
  );
});
