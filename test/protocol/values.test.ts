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
