import fc from 'fast-check';
import * as z from 'zod';
import { expect, test } from 'vitest';
import { Base64 } from '@locara/protocol';

const PATTERN = /^[A-Za-z0-9+/]*={0,2}$/;

test('base64 is accepted exactly where its published pattern and length say', () => {
  const text = fc.string({
    unit: fc.constantFrom('A', 'z', '9', '+', '/', '=', '=', '-', ' ', '\n'),
    maxLength: 8,
  });
  fc.assert(
    fc.property(text, (candidate) => {
      const isExpected = PATTERN.test(candidate) && candidate.length % 4 === 0;
      expect(Base64.safeParse(candidate).success).toBe(isExpected);
    }),
    { numRuns: 5000 },
  );
});

test.each(['', 'QUJD', 'QUI=', 'QQ==', '+/+/'])('%j is base64', (text) => {
  expect(Base64.safeParse(text).success).toBe(true);
});

test.each(['Q', 'QUI', 'Q===', '====', 'Q=I=', '==QQ', 'QQ==\n', 'QU-_', 'Q Q='])(
  '%j is not base64',
  (text) => {
    expect(Base64.safeParse(text).success).toBe(false);
  },
);

test('the schema shows the pattern', () => {
  expect(z.toJSONSchema(Base64)).toMatchObject({ $defs: { Base64: { pattern: PATTERN.source } } });
});

const LONG = 'QUJDREVG'.repeat(10_000);

test.each([
  ['whole', LONG],
  ['padded once', `${LONG}QUI=`],
  ['padded twice', `${LONG}QQ==`],
  ['of the length of its pieces', 'Q'.repeat(64 * 1024)],
])('base64 of many pieces is accepted: %s', (_, text) => {
  expect(Base64.safeParse(text).success).toBe(true);
});

test.each(['=', '-', '_', ' ', '\n', 'é', '\0', '\u{1F600}'])(
  'one %j anywhere in long base64 is seen',
  (wrong) => {
    for (const at of [0, 3, 16_383, 16_384, 32_767, 40_000, LONG.length - 3]) {
      const text = LONG.slice(0, at) + wrong + LONG.slice(at + wrong.length);
      expect(Base64.safeParse(text).success, String(at)).toBe(false);
    }
  },
);

test('padding at the end of a piece of long base64 is seen', () => {
  for (const padding of ['=', '==', '    ']) {
    const text = 'Q'.repeat(16_384 - padding.length) + padding + LONG;
    expect(Base64.safeParse(text).success).toBe(false);
  }
});
