import { expect, test } from 'vitest';
import { toGrammarSchema } from '../../../../../daemon/workers/llm/schema/response-schema.ts';

const nest = (depth: number): Record<string, unknown> =>
  depth === 0
    ? { type: 'null' }
    : { type: 'array', items: nest(depth - 1), minItems: 1, maxItems: 1 };

test('references are resolved, anyOf becomes oneOf, annotations go', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Pet',
    type: 'object',
    properties: {
      kind: { $ref: '#/$defs/kind' },
      age: { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'in years' },
    },
    required: ['kind', 'age'],
    additionalProperties: false,
    $defs: { kind: { type: 'string', enum: ['cat', 'dog'] } },
  };
  expect(toGrammarSchema(schema)).toEqual({
    type: 'object',
    required: ['kind', 'age'],
    properties: {
      kind: { enum: ['cat', 'dog'] },
      age: { oneOf: [{ type: 'integer' }, { type: 'null' }] },
    },
  });
});

test.each([
  ['unsupported_keyword', { type: 'string', pattern: '.*' }, '/pattern'],
  [
    'unsupported_keyword',
    { type: 'array', items: { type: 'null' }, uniqueItems: true },
    '/uniqueItems',
  ],
  ['unsupported_keyword', { type: 'number', minimum: 3 }, '/minimum'],
  ['unsupported_type', {}, ''],
  ['unsupported_type', { type: ['object', 'null'] }, ''],
  ['unsupported_format', { type: 'string', format: 'email' }, ''],
  ['unsupported_reference', { $ref: 'https://example.org/schema' }, ''],
  ['unknown_reference', { $ref: '#/$defs/absent' }, ''],
  ['unknown_reference', { $ref: '#/$defs/__proto__' }, ''],
  ['schema_too_deep', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }, ''],
  ['schema_too_deep', nest(17), '/items'.repeat(17)],
  ['schema_too_large', { enum: ['x'.repeat(513)] }, ''],
  ['schema_too_large', { enum: Array(257).fill(1) }, ''],
  ['schema_too_large', { const: 'x'.repeat(40_000) }, ''],
  ['range', { type: 'string', maxLength: 513 }, ''],
  ['range', { type: 'string', minLength: 3, maxLength: 2 }, ''],
  ['range', { type: 'array', items: { type: 'null' }, maxItems: 1.5 }, ''],
  ['range', { type: 'array', prefixItems: [{ type: 'null' }], maxItems: 0 }, ''],
  ['items_missing', { type: 'array' }, ''],
  ['enum_type', { type: 'integer', enum: [1, 'two'] }, ''],
  ['enum_type', { const: { a: 1 } }, ''],
  ['enum_type', { const: Infinity }, ''],
  ['unsupported_character', { const: 'a\0b' }, ''],
  ['unsupported_character', { type: 'object', properties: { '\ud800': {} } }, ''],
  ['empty_enum', { enum: [] }, ''],
  ['empty_choice', { oneOf: [] }, ''],
  ['additional_properties', { type: 'object', additionalProperties: true }, ''],
  ['required_without_property', { type: 'object', required: ['a'] }, ''],
  ['not_an_object', { type: 'object', properties: { a: 3 } }, '/properties/a'],
])('%s: %o is refused', (rule, schema, path) => {
  expect(() => toGrammarSchema(schema)).toThrow(
    expect.objectContaining({
      reason: 'InvalidParams',
      details: { rule, path: `/responseFormat/schema${path}` },
    }),
  );
});

test('repetitions within repetitions are bounded', () => {
  const grid = (inner: object) => ({ type: 'array', items: inner, maxItems: 200 });
  expect(() => toGrammarSchema(grid(grid({ type: 'string', maxLength: 100 })))).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({ rule: 'schema_too_large' }) as object,
    }),
  );
});

test('references that double at each step are bounded', () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 12 }, (_value, index) => [
      `d${index}`,
      index === 11
        ? { type: 'null' }
        : { oneOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
    ]),
  );
  expect(() => toGrammarSchema({ $ref: '#/$defs/d0', $defs })).toThrow(
    expect.objectContaining({ reason: 'InvalidParams' }),
  );
});

test('a schema whose text may go on in thousands of ways at once does not hold up other texts', () => {
  const many = Array.from({ length: 40 }, (_value, minItems) => ({
    type: 'array',
    items: { $ref: '#/$defs/word' },
    minItems,
  }));
  const words = Array.from({ length: 256 }, (_value, at) => `word ${at}`);
  expect(() => toGrammarSchema({ oneOf: many, $defs: { word: { enum: words } } })).toThrow(
    expect.objectContaining({
      details: { rule: 'schema_too_large', path: '/responseFormat/schema' },
    }),
  );
  expect(() => toGrammarSchema({ oneOf: [{ enum: words }, { enum: words }] })).not.toThrow();
});
