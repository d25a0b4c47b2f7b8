import { parseUnknown, Replacement } from '@locara/protocol';
import { expect, test } from 'vitest';

test.each([
  ['a text', '\ud800'],
  ['a mask', { mode: 'mask', character: '\udc00' }],
])('half of a character is in no replacement: %s', (_name, replacement) => {
  expect(parseUnknown(Replacement, replacement).success).toBe(false);
});

test.each([
  ['a text', '\u{1f512}'],
  ['a mask', { mode: 'mask', character: '\u{1f512}' }],
])('a whole one may be, though it takes two units: %s', (_name, replacement) => {
  expect(parseUnknown(Replacement, replacement).success).toBe(true);
});
