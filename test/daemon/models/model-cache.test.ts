import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import type { CatalogEntry } from '@locara/protocol';
import { expect, test } from 'vitest';
import { createModelCache } from '../../../daemon/models/model-cache.ts';
import { silentLog } from '../../fakes/silent-log.ts';

const CONTENT = Buffer.from('weights '.repeat(5000));

function entryFor(content: Buffer, changes: object = {}): CatalogEntry {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    id: 'tiny',
    task: 'text-to-text',
    description: '',
    license: 'MIT',
    files: [
      {
        name: 'tiny.gguf',
        sha256,
        bytes: content.length,
        source: { embedded: 'x', compression: 'gzip' },
        ...changes,
      },
    ],
  };
}

function setUp(packed: Buffer = gzipSync(CONTENT)) {
  const folder = mkdtempSync(join(tmpdir(), 'locara-c-'));
  const source = join(folder, 'source.gz');
  writeFileSync(source, packed);
  const cacheFolder = join(folder, 'models');
  const create = () =>
    createModelCache({
      folder: cacheFolder,
      locateSource: () => source,
      entries: [],
      log: silentLog,
    });
  return { cacheFolder, create };
}

test('unpacks, checks the digest and answers the path, once for many callers', async () => {
  const { create } = setUp();
  const cache = create();
  const entry = entryFor(CONTENT);
  expect(cache.isInstalled(entry)).toBe(false);
  const all = await Promise.all(Array.from({ length: 8 }, () => cache.ensure(entry)));
  const path = all[0]?.get('tiny.gguf') ?? '';
  expect(readFileSync(path)).toEqual(CONTENT);
  expect(path).toContain(join('sha256', entry.files[0]?.sha256 ?? ''));
  expect(cache.isInstalled(entry)).toBe(true);
});

test.each([
  ['another digest', gzipSync(Buffer.from('other')), {}],
  ['more bytes than the catalog says', gzipSync(Buffer.concat([CONTENT, CONTENT])), {}],
  ['a truncated source', gzipSync(CONTENT).subarray(0, 40), {}],
  ['a source that is not compressed', CONTENT, {}],
])('%s leaves nothing behind', async (_name, packed, changes) => {
  const { create, cacheFolder } = setUp(packed);
  await expect(create().ensure(entryFor(CONTENT, changes))).rejects.toThrow();
  const left = readdirSync(cacheFolder, { recursive: true, withFileTypes: true });
  expect(left.filter((found) => found.isFile())).toEqual([]);
});

test('a file that was changed on the disk is found out and replaced', async () => {
  const { create } = setUp();
  const entry = entryFor(CONTENT);
  const path = (await create().ensure(entry)).get('tiny.gguf') ?? '';
  const tampered = Buffer.from(CONTENT);
  tampered[100] = 0;
  chmodSync(path, 0o600);
  writeFileSync(path, tampered);
  await create().ensure(entry);
  expect(readFileSync(path)).toEqual(CONTENT);
});

test('a caller that cancels gets Cancelled; the others get the model', async () => {
  const { create } = setUp();
  const cache = create();
  const entry = entryFor(CONTENT);
  const controller = new AbortController();
  const cancelled = cache.ensure(entry, { signal: controller.signal });
  const kept = cache.ensure(entry);
  controller.abort();
  await expect(cancelled).rejects.toMatchObject({ reason: 'Cancelled' });
  expect((await kept).size).toBe(1);
});

test('a model without a source here is Unavailable and names the command', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'locara-c-'));
  const cache = createModelCache({
    folder,
    locateSource: () => undefined,
    entries: [],
    log: silentLog,
  });
  await expect(cache.ensure(entryFor(CONTENT))).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { command: 'locara model pull tiny' },
  });
});

test('a file replaced while the daemon runs is found out, even at the same size', async () => {
  const { create } = setUp();
  const cache = create();
  const entry = entryFor(CONTENT);
  const path = (await cache.ensure(entry)).get('tiny.gguf') ?? '';
  writeFileSync(
    path,
    CONTENT.map((byte) => byte ^ 1),
  );
  await cache.ensure(entry);
  expect(readFileSync(path).equals(CONTENT)).toBe(true);
});

test('a folder in the place of the file, and what a killed unpacking left, are cleared away', async () => {
  const { create, cacheFolder } = setUp();
  const entry = entryFor(CONTENT);
  const place = join(cacheFolder, 'sha256', entry.files[0]?.sha256 ?? '');
  mkdirSync(join(place, 'tiny.gguf', 'inner'), { recursive: true });
  writeFileSync(join(place, 'tiny.gguf.0.partial'), 'half');
  await create().ensure(entry);
  expect(readdirSync(place)).toEqual(['tiny.gguf']);
});

test.each([
  ['a source that is not compressed', CONTENT, 'corrupt'],
  ['a truncated source', gzipSync(CONTENT).subarray(0, 40), 'corrupt'],
  ['too many bytes', gzipSync(Buffer.concat([CONTENT, CONTENT])), 'corrupt'],
])('%s is Unavailable', async (_name, packed, state) => {
  const { create } = setUp(packed);
  await expect(create().ensure(entryFor(CONTENT))).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { state },
  });
});

test('a cache folder that can not be written is Unavailable, and works once it can', async () => {
  const { create, cacheFolder } = setUp();
  mkdirSync(cacheFolder);
  writeFileSync(join(cacheFolder, 'sha256'), 'in the way');
  const cache = create();
  const entry = entryFor(CONTENT);
  expect(cache.isInstalled(entry)).toBe(false);
  await expect(cache.ensure(entry)).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { state: 'unusable' },
  });
  rmSync(join(cacheFolder, 'sha256'));
  await cache.ensure(entry);
  expect(cache.isInstalled(entry)).toBe(true);
});

test('whoever joins a run under way is told its progress, and nobody who has left', async () => {
  const { create } = setUp();
  const cache = create();
  const entry = entryFor(CONTENT);
  const leaving = new AbortController();
  const told: [string, number | undefined][] = [];
  const note =
    (who: string) =>
    ({ completed }: { completed?: number | undefined }) =>
      told.push([who, completed]);
  const left = cache.ensure(entry, { signal: leaving.signal, onProgress: note('left') });
  const stayed = cache.ensure(entry, { onProgress: note('stayed') });
  leaving.abort();
  await expect(left).rejects.toMatchObject({ reason: 'Cancelled' });
  await stayed;
  expect(told.at(-1)).toEqual(['stayed', CONTENT.length]);
  expect(told.map(([who]) => who)).not.toContain('left');
});
