import { parseJson } from '@locara/protocol/parse-json';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cpuMsOf } from '../support/cpu-time.ts';

const key = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '\n', '/', 'é', '😀', '0', '\u2028'),
  maxLength: 3,
});
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(key, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(fc.oneof(key, fc.constant('__proto__')), tie('value')), {
        selector: ([name]) => name,
        maxLength: 4,
      })
      .map((entries) => Object.fromEntries(entries)),
  ),
}));

test('a key with an escape is not taken for another one that was seen before', () => {
  for (const known of ['\\', '\\u', 'x\\']) parseJson(JSON.stringify({ a: 1, [known]: 2 }));
  expect(parseJson(String.raw`{"a":1,"\"":2}`)).toEqual({ a: 1, '"': 2 });
  expect(parseJson(String.raw`{"a":1,"\u0041":2}`)).toEqual({ a: 1, A: 2 });
  expect(parseJson(String.raw`{"a":1,"\u0041b" : 2}`)).toEqual({ a: 1, Ab: 2 });
  expect(parseJson(String.raw`{"a":1,"x\n":2}`)).toEqual({ a: 1, 'x\n': 2 });
});

test('what was written as JSON is read as it was', () => {
  fc.assert(
    fc.property(value, fc.constantFrom(0, 1), (written, indent) => {
      const text = JSON.stringify(written, null, indent);
      expect(JSON.stringify(parseJson(text), null, indent)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['a duplicate: the last one, in the first place', String.raw`{"\"":1,"b":2,"\u0022":3}`],
  ['keys that are numbers', String.raw`{"\"":1,"10":2,"2":3}`],
  ['strings that look like keys', String.raw`{"\"":"k0","k0":["\\\":"],"a":"\\"}`],
])('reads as JSON.parse does: %s', (_name, text) => {
  const read = parseJson(text);
  expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text)));
});

test('__proto__ is an own member beside a key with an escape', () => {
  const read = parseJson(String.raw`{"\"":1,"__proto__":{"x":1}}`);
  expect(Object.keys(read as object)).toEqual(['"', '__proto__']);
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
});

test.each(['{"\\x":1}', '{"\\":1}', '{"a\nb":1,"\\n":2}', '{"\\n" "b":1}', '{"\\n":1', '"\\', ''])(
  'refuses what is no JSON: %j',
  (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  },
);

test.each([
  ['of backslashes', `{"a":"${'\\\\'.repeat(2_000_000)}"}`],
  ['of quotes', `{"a":"${'\\"'.repeat(2_000_000)}"}`],
  ['of keys', `{${Array.from({ length: 65_000 }, (_, at) => String.raw`"\"${at}":{}`).join(',')}}`],
  ['of spaces', `["\\n"${' '.repeat(4_000_000)}]`],
])('reads four megabytes in no time: %s', (_name, text) => {
  expect(cpuMsOf(() => parseJson(text))).toBeLessThan(2000);
});
