import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Catalog } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { ROOT } from './sources.ts';

const MODELS = join(ROOT, 'models');
const catalog = Catalog.parse(JSON.parse(readFileSync(join(MODELS, 'catalog.json'), 'utf8')));
const entries = [...catalog.models, ...catalog.own];
const embedded = entries
  .filter((entry) => entry.embedded === true)
  .flatMap((entry) => entry.files.map((file) => ({ id: entry.id, ...file })));

function unpack(source: (typeof embedded)[number]['source']): Buffer {
  const path =
    source?.embedded === undefined
      ? join(ROOT, 'node_modules', source?.package ?? '')
      : join(MODELS, source.embedded);
  return gunzipSync(readFileSync(path));
}

function describeBytes(bytes: Buffer): { sha256: string; bytes: number } {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

describe.each(embedded)('$id: $name', ({ source, sha256, bytes }) => {
  test('unpacks to its digest and size', () => {
    expect(describeBytes(unpack(source))).toEqual({ sha256, bytes });
  });
});

test('one changed byte would be seen', () => {
  const [first] = embedded;
  if (first === undefined) throw new Error('the catalog has no embedded model');
  const changed = unpack(first.source);
  changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
  expect(describeBytes(changed).sha256).not.toBe(first.sha256);
});

test('every embedded file belongs to an entry', () => {
  const named = embedded.map(({ source }) => source?.embedded);
  const files = readdirSync(join(MODELS, 'embedded')).map((name) => `embedded/${name}`);
  expect(files.filter((file) => !named.includes(file))).toEqual([]);
});

test('ids are unique', () => {
  const ids = entries.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('the README of the models names every entry', () => {
  expect(existsSync(join(MODELS, 'README.md'))).toBe(true);
  const readme = readFileSync(join(MODELS, 'README.md'), 'utf8');
  expect(entries.filter(({ id }) => !readme.includes(`\`${id}\``))).toEqual([]);
});
