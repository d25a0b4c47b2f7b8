import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStrictJson, StrictJsonError } from '@locara/protocol';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function refusalOf(bytes: Uint8Array | string): { path: string; rule: string } | undefined {
  try {
    parseStrictJson(typeof bytes === 'string' ? utf8(bytes) : bytes);
    return undefined;
  } catch (error) {
    if (error instanceof StrictJsonError) return { path: error.path, rule: error.rule };
    throw error;
  }
}

test('agrees with JSON.parse on every document that JSON.stringify makes', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (json) => {
      fc.pre(!/"__proto__"|\\ud[89a-f]/i.test(json));
      expect(parseStrictJson(utf8(json))).toEqual(JSON.parse(json));
    }),
  );
});

test('never accepts bytes that JSON.parse refuses, and never fails in another way', () => {
  const seed = '{"a": [1, -2.5e3, true, null], "b": {"c\\u0064": "x\\n"}}';
  const edit = fc.tuple(
    fc.nat(seed.length - 1),
    fc.constantFrom(...'{}[]",:\\ue0-.+ \0\u00fc'.split('')),
  );
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const characters = Array.from(seed);
      for (const [index, character] of edits) characters[index] = character;
      const text = characters.join('');
      if (refusalOf(text) === undefined) expect(() => JSON.parse(text) as unknown).not.toThrow();
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x31), 'no byte order mark'],
  ['invalid UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'valid UTF-8'],
  ['an overlong UTF-8 form', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22), 'valid UTF-8'],
  ['a UTF-8 surrogate', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), 'valid UTF-8'],
  ['nothing', '', 'valid JSON'],
  ['half a document', '{"a":', 'valid JSON'],
  ['a trailing comma', '[1,]', 'valid JSON'],
  ['a leading comma', '{,"a":1}', 'valid JSON'],
  ['a comment', '[1 /* one */]', 'valid JSON'],
  ['a leading zero', '01', 'nothing after the value'],
  ['a raw control character', '"a\tb"', 'valid JSON'],
  ['a no-break space', '\u00a0 1', 'valid JSON'],
  ['a second value', '{} {}', 'nothing after the value'],
  ['a trailing NUL', '{}\0', 'nothing after the value'],
  ['an endless number', '1e400', 'a finite number'],
  ['a lone surrogate', '"\\ud800"', 'no lone surrogates'],
  ['33 levels', '['.repeat(33) + ']'.repeat(33), 'at most 32 levels'],
  ['200,000 levels', '['.repeat(200_000), 'at most 32 levels'],
  ['more than 256 KiB', `"${'a'.repeat(256 * 1024)}"`, 'at most 262144 bytes'],
])('refuses %s', (_, bytes, rule) => {
  expect(refusalOf(bytes)?.rule).toBe(rule);
});

test('accepts 32 levels and 256 KiB', () => {
  expect(refusalOf('['.repeat(32) + ']'.repeat(32))).toBeUndefined();
  expect(refusalOf(`"${'a'.repeat(256 * 1024 - 2)}"`)).toBeUndefined();
});

test('refuses a repeated key with its path, after escapes too', () => {
  expect(refusalOf('{"x":[{"a":1,"b":2,"a":3}]}')).toEqual({
    path: 'x[0].a',
    rule: 'each key once',
  });
  expect(refusalOf('{"a":1,"\\u0061":2}')?.rule).toBe('each key once');
});

test('refuses the key that maps and copies lose in silence, however it is spelt', () => {
  const expected = { path: 'a.__proto__', rule: 'no key named __proto__' };
  expect(refusalOf('{"a":{"__proto__":{"admin":true}}}')).toEqual(expected);
  expect(refusalOf('{"a":{"__pr\\u006fto__":1}}')).toEqual(expected);
});

test('an error carries paths and rules, never values', () => {
  let message = '';
  try {
    parseStrictJson(utf8('{"secretive": "hunter2", "secretive": "hunter2"}'));
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain('secretive');
  expect(message).not.toContain('hunter2');
});
