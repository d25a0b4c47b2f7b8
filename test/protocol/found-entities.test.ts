import { expect, test } from 'vitest';
import { methods } from '../../protocol/index.ts';

const found = { entity: 'EMAIL_ADDRESS', start: 0, end: 15, score: 0.9, reason: 'email' };
const detected = { entities: [found, { ...found, start: 20, end: 30 }] };
const redacted = { ...detected, text: '[EMAIL_1]', restoreId: 'one' };

test.each([
  ['privacy.detect', detected],
  ['privacy.detect', { entities: [] }],
  ['privacy.redact', redacted],
  ['privacy.redact', { ...detected, text: '' }],
] as const)('what %s found is accepted as the schema would leave it', (method, answer) => {
  expect(methods[method].acceptsResult(answer)).toBe(true);
  expect(methods[method].result.parse(answer)).toEqual(answer);
});

test.each([
  ['a hole', new Array<unknown>(2)],
  ['nothing', [null]],
  ['what was found, which would be stripped', [{ ...found, text: 'ann@example.org' }]],
  ['an offset that is no whole number', [{ ...found, start: 0.5 }]],
  ['an offset beyond all texts', [{ ...found, end: 2 ** 53 }]],
  ['a score that is none', [{ ...found, score: NaN }]],
  ['no reason', [{ ...found, reason: undefined }]],
  ['an entity without a name', [{ ...found, entity: 1 }]],
  ['a text', 'EMAIL_ADDRESS'],
])('entities with %s are left to the schema', (_, entities) => {
  expect(methods['privacy.detect'].acceptsResult({ entities })).toBe(false);
  expect(methods['privacy.redact'].acceptsResult({ ...redacted, entities })).toBe(false);
});

test.each([
  ['privacy.detect', { ...detected, text: 'a key that would be stripped' }],
  ['privacy.redact', { ...redacted, original: 'a key that would be stripped' }],
  ['privacy.redact', { ...detected, restoreId: 'without its text' }],
  ['privacy.redact', { ...redacted, restoreId: 'x'.repeat(65) }],
  ['privacy.redact', null],
] as const)('any other answer of %s is left to the schema: %j', (method, answer) => {
  expect(methods[method].acceptsResult(answer)).toBe(false);
});
