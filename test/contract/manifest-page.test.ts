import { readFileSync } from 'node:fs';
import { AppManifest, checkManifest, LIMITS } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { createManifest } from '../support/signed-package.ts';

const page = readFileSync(new URL('../../protocol/docs/manifest.md', import.meta.url), 'utf8');
/** Rows of both tables: field, rule, default. */
const rows = [...page.matchAll(/^\| `([^`]+)` \| (.*?) \| (.*?) \|/gm)].map(
  ([, field = '', rule = '', byDefault = '']) => ({ field, rule, byDefault }),
);

type Def = z.core.$ZodTypes['_zod']['def'];

/** Every field of the schema that has no fields of its own, and those that can be written without them. */
function listFields(schema: z.core.$ZodType, path = ''): string[] {
  const def = schema._zod.def as Def;
  if (def.type === 'default' || def.type === 'prefault' || def.type === 'optional') {
    return listFields(def.innerType, path);
  }
  if (def.type === 'union') return def.options.flatMap((option) => listFields(option, path));
  if (def.type === 'array') {
    const inner = listFields(def.element, path);
    return inner.length > 1 ? inner : [path];
  }
  if (def.type !== 'object') return [path];
  return Object.entries(def.shape).flatMap(([key, field]) =>
    listFields(field, path === '' ? key : `${path}.${key}`),
  );
}

function valueAt(document: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    return (value as Record<string, unknown> | undefined)?.[key];
  }, document);
}

describe('protocol/docs/manifest.md', () => {
  test('has a row for every field of the schema, and for no other', () => {
    expect(rows.map(({ field }) => field).sort()).toEqual(
      [...new Set(listFields(AppManifest))].sort(),
    );
  });

  test('names as required what is', () => {
    for (const { field, byDefault } of rows) {
      if (field.startsWith('author.')) continue;
      const { errors } = checkManifest(createManifest({ [field]: undefined }));
      expect(errors.length > 0, field).toBe(byDefault === 'required');
    }
  });

  test('states the defaults that are filled in', () => {
    const manifest = AppManifest.parse(JSON.parse(createManifest().toString()));
    const stated = rows.filter(({ byDefault }) => byDefault.startsWith('`'));
    expect(stated.length).toBeGreaterThan(12);
    for (const { field, byDefault } of stated) {
      if (field === 'capabilities.background.mode') continue;
      const expected: unknown = JSON.parse(byDefault.replaceAll('`', ''));
      expect(valueAt(manifest, field.replace(/\.app$/, '')), field).toEqual(expected);
    }
  });

  test('states the usual quota', () => {
    expect(page).toContain(`space: ${LIMITS.defaultStoreQuotaMb} MiB when absent`);
  });

  test('has an example without error or warning', () => {
    const [, example = ''] = /```json\n([^`]*)```/.exec(page) ?? [];
    const { errors, warnings } = checkManifest(Buffer.from(example));
    expect([errors, warnings]).toEqual([[], []]);
  });
});
