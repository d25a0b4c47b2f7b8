import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../protocol/canonical-json.ts';

test('the order of keys makes no difference', () => {
  expect(canonicalJson({ b: [1, { d: 'x', c: null }], a: true })).toBe(
    '{"a":true,"b":[1,{"c":null,"d":"x"}]}',
  );
  expect(canonicalJson({ a: 1, b: 2 })).toBe(canonicalJson({ b: 2, a: 1 }));
});

test('a member that is undefined counts for nothing, in a list it is null', () => {
  expect(canonicalJson({ a: undefined, b: { c: undefined } })).toBe('{"b":{}}');
  expect(canonicalJson([undefined, 1])).toBe('[null,1]');
});

test('what it writes reads back as the same value, and is written the same again', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});
