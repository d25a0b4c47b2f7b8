import { AppManifest, methods, type MethodSpec, parseUnknown } from '@locara/protocol';
import { describe, expect, test } from 'vitest';

/** An object whose length cannot become a number: zod itself throws on it. */
const UNMEASURABLE: unknown = JSON.parse('{"length":{"valueOf":1,"toString":1}}');

const table = Object.entries(methods) as [string, MethodSpec][];

describe('a value whose length cannot be measured is refused, not thrown on', () => {
  test.each(table)('in every field of %s', (_method, { params }) => {
    for (const field of Object.keys(params.shape)) {
      for (const value of [UNMEASURABLE, [UNMEASURABLE], { [field]: UNMEASURABLE }]) {
        expect(() => parseUnknown(params, { [field]: value })).not.toThrow();
      }
    }
  });

  test('in every field of a manifest', () => {
    for (const field of Object.keys(AppManifest.shape)) {
      expect(parseUnknown(AppManifest, { [field]: UNMEASURABLE }).success).toBe(false);
    }
  });
});

test('the parsed value and the issues are those of the schema', () => {
  const schema = methods['models.ensure'].params;
  expect(parseUnknown(schema, { model: 'm' })).toEqual({ success: true, data: { model: 'm' } });
  expect(parseUnknown(schema, { model: 1 })).toMatchObject({
    success: false,
    issues: [{ path: ['model'], code: 'invalid_type' }],
  });
});

describe('a message that is nothing but mistakes is not looked at to its end', () => {
  const many = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));
  const upsert = methods['collections.upsert'].params;
  const issuesOf = (schema: MethodSpec['params'], params: unknown) => {
    const parsed = parseUnknown(schema, params);
    return parsed.success ? [] : parsed.issues;
  };

  test('of values that fit no shape, which zod words one by one', () => {
    const leaves = many(41, () => ({ or: many(100, () => ({ field: { eq: { deep: 1 } } })) }));
    const search = { collection: 'notes', text: 'tea', filter: { and: leaves } };
    expect(issuesOf(methods['collections.search'].params, search)).toMatchObject([
      { path: [], message: 'has too many mistakes' },
    ]);
  });

  test('of keys that are too long', () => {
    const keys = many(30_000, (index) => [`${'k'.repeat(130)}${index}`, 1] as const);
    const records = [{ id: 'a', metadata: Object.fromEntries(keys) }];
    expect(issuesOf(upsert, { collection: 'notes', records })).toMatchObject([
      { message: 'has too many mistakes' },
    ]);
  });

  test('yet of a batch in which every record is wrong, the places are told', () => {
    const records = many(1000, () => ({ id: 5, text: 6, vector: 'none' }));
    const issues = issuesOf(upsert, { collection: 'notes', records });
    expect(issues[0]).toMatchObject({ path: ['records', 0, 'id'], code: 'invalid_type' });
    expect(issues).toHaveLength(1000);
  });
});
