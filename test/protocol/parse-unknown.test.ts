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
