import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Session } from '../../../daemon/access/session.ts';
import { createBlobStore } from '../../../daemon/blobs/blob-store.ts';
import { createReadMedia } from '../../../daemon/blobs/media.ts';

const LIMITS = { maxBytes: 1000 };
const sessionOf = (appId: string) => ({ appId }) as Session;
const data = (bytes: number) => ({ data: Buffer.alloc(bytes, 1).toString('base64') });

async function setUp(room = { totalBytes: 100, appBytes: 60 }) {
  const folder = join(mkdtempSync(join(tmpdir(), 'locara-m-')), 'blobs');
  const blobs = await createBlobStore({ folder, ttlMs: 60_000 });
  onTestFinished(() => blobs.close());
  return { blobs, readMedia: createReadMedia(blobs, room) };
}

test('base64 and a committed blob give their bytes; empty and too large are refused', async () => {
  const { blobs, readMedia } = await setUp();
  const session = sessionOf('a/b');
  const inline = await readMedia(session, data(10), LIMITS);
  expect(inline.bytes).toHaveLength(10);
  const { blob } = await blobs.create('a/b');
  const bytes = Buffer.from('sound');
  await blobs.append({ appId: 'a/b', blob }, { offset: 0, bytes });
  await expect(readMedia(session, { blob }, LIMITS)).rejects.toMatchObject({ reason: 'Conflict' });
  await blobs.commit({ appId: 'a/b', blob }, createHash('sha256').update(bytes).digest('hex'));
  expect((await readMedia(session, { blob }, LIMITS)).bytes).toEqual(bytes);
  await expect(readMedia(session, { blob }, { maxBytes: 4 })).rejects.toMatchObject({
    reason: 'PayloadTooLarge',
    details: { limitBytes: 4, bytes: 5 },
  });
  await expect(readMedia(session, { data: '' }, LIMITS)).rejects.toMatchObject({
    reason: 'UnsupportedMedia',
  });
});

test('an app that holds its share is Busy until it lets go; another app has room', async () => {
  const { readMedia } = await setUp();
  const first = await readMedia(sessionOf('a/b'), data(50), LIMITS);
  await expect(readMedia(sessionOf('a/b'), data(20), LIMITS)).rejects.toMatchObject({
    reason: 'Busy',
    details: { retryAfterMs: 1000 },
  });
  const other = await readMedia(sessionOf('c/d'), data(50), LIMITS);
  first[Symbol.dispose]();
  const again = await readMedia(sessionOf('a/b'), data(20), LIMITS);
  expect([other.bytes.length, again.bytes.length]).toEqual([50, 20]);
});

test('one piece larger than the share is read when the app holds nothing else', async () => {
  const { readMedia } = await setUp();
  expect((await readMedia(sessionOf('a/b'), data(90), LIMITS)).bytes).toHaveLength(90);
});

test('all apps together never hold more than the room', async () => {
  const { readMedia } = await setUp();
  await readMedia(sessionOf('a/b'), data(60), LIMITS);
  await expect(readMedia(sessionOf('c/d'), data(60), LIMITS)).rejects.toMatchObject({
    reason: 'Busy',
  });
});
