import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createBlobStore } from '../../../daemon/blobs/blob-store.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function open(
  options: { maxBytesPerApp?: number; maxPiecesPerApp?: number; ttlMs?: number } = {},
) {
  const folder = join(mkdtempSync(join(tmpdir(), 'locara-b-')), 'blobs');
  const blobs = await createBlobStore({ folder, ttlMs: 60_000, ...options });
  onTestFinished(() => blobs.close());
  return { folder, blobs };
}

test('bytes come back, in any range, across pieces', async () => {
  const { blobs } = await open();
  const { blob } = await blobs.create('a/b');
  const key = { appId: 'a/b', blob };
  const bytes = randomBytes(10_000);
  for (let offset = 0; offset < bytes.length; offset += 3000) {
    await blobs.append(key, { offset, bytes: bytes.subarray(offset, offset + 3000) });
  }
  expect(await blobs.commit(key, sha256(bytes))).toBe(10_000);
  expect(await blobs.readAll(key)).toEqual(bytes);
  const range = await blobs.read(key, { offset: 2500, length: 4000 });
  expect(range).toEqual({ bytes: bytes.subarray(2500, 6500), eof: false });
  expect((await blobs.read(key, { offset: 9999, length: 10 })).eof).toBe(true);
  expect((await blobs.read(key, { offset: 50_000, length: 10 })).bytes).toHaveLength(0);
});

test('the files hold nothing readable', async () => {
  const { blobs, folder } = await open();
  const { blob } = await blobs.create('a/b');
  const secret = Buffer.from('a sentence nobody may read '.repeat(50));
  await blobs.append({ appId: 'a/b', blob }, { offset: 0, bytes: secret });
  const [file] = readdirSync(folder);
  expect(readFileSync(join(folder, file ?? '')).includes('sentence')).toBe(false);
});

test("another app's blob, an absent one and a deleted one are all NotFound", async () => {
  const { blobs } = await open();
  const { blob } = await blobs.create('a/b');
  await expect(blobs.commit({ appId: 'x/y', blob }, sha256(Buffer.of()))).rejects.toThrow(
    'There is no such blob.',
  );
  await expect(
    blobs.read({ appId: 'a/b', blob: 'absent' }, { offset: 0, length: 1 }),
  ).rejects.toMatchObject({
    reason: 'NotFound',
  });
  await blobs.delete({ appId: 'a/b', blob });
  await expect(blobs.delete({ appId: 'a/b', blob })).rejects.toMatchObject({ reason: 'NotFound' });
});

test('two appends at the same offset: one wins, the other is Conflict', async () => {
  const { blobs } = await open();
  const { blob } = await blobs.create('a/b');
  const key = { appId: 'a/b', blob };
  const outcomes = await Promise.allSettled([
    blobs.append(key, { offset: 0, bytes: Buffer.from('one') }),
    blobs.append(key, { offset: 0, bytes: Buffer.from('two') }),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});

test('a wrong SHA-256 and bytes after the commit are Conflict', async () => {
  const { blobs } = await open();
  const { blob } = await blobs.create('a/b');
  const key = { appId: 'a/b', blob };
  const bytes = Buffer.from('x');
  await blobs.append(key, { offset: 0, bytes });
  await expect(blobs.commit(key, '0'.repeat(64))).rejects.toThrow('SHA-256');
  await blobs.commit(key, sha256(bytes));
  await expect(blobs.append(key, { offset: 1, bytes })).rejects.toMatchObject({
    reason: 'Conflict',
  });
});

test('over the quota is QuotaExceeded with limit and use', async () => {
  const { blobs } = await open({ maxBytesPerApp: 100 });
  const { blob } = await blobs.create('a/b');
  await expect(
    blobs.append({ appId: 'a/b', blob }, { offset: 0, bytes: Buffer.alloc(101) }),
  ).rejects.toMatchObject({ reason: 'QuotaExceeded', details: { limitBytes: 100, usedBytes: 0 } });
});

test('many blobs created at once never pass the limit', async () => {
  const { blobs } = await open();
  const outcomes = await Promise.allSettled(Array.from({ length: 300 }, () => blobs.create('a/b')));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(256);
});

test('a blob expires', async () => {
  const { blobs } = await open({ ttlMs: 50 });
  await blobs.create('a/b');
  const { blob } = await blobs.create('a/b');
  await new Promise((resolve) => setTimeout(resolve, 200));
  await expect(blobs.delete({ appId: 'a/b', blob })).rejects.toMatchObject({ reason: 'NotFound' });
});

test('what an earlier daemon left is removed', async () => {
  const { folder, blobs } = await open();
  writeFileSync(join(folder, 'left-over'), 'x');
  await blobs.close();
  const again = await createBlobStore({ folder, ttlMs: 1000 });
  expect(readdirSync(folder)).toEqual([]);
  await again.close();
});

test('a commit comes after the appends under way, and nothing after it', async () => {
  const { blobs } = await open();
  const { blob } = await blobs.create('a/b');
  const key = { appId: 'a/b', blob };
  const bytes = randomBytes(500_000);
  const first = blobs.append(key, { offset: 0, bytes });
  const committed = blobs.commit(key, sha256(bytes));
  const late = blobs.append(key, { offset: bytes.length, bytes });
  await first;
  expect(await committed).toBe(bytes.length);
  await expect(late).rejects.toThrow('The blob is committed: nothing can be appended.');
  expect(await blobs.readAll(key)).toEqual(bytes);
});

test('a blob that is deleted while it is read is NotFound', async () => {
  const { blobs } = await open();
  const { blob } = await blobs.create('a/b');
  const key = { appId: 'a/b', blob };
  const bytes = randomBytes(100_000);
  for (let offset = 0; offset < bytes.length; offset += 1000) {
    await blobs.append(key, { offset, bytes: bytes.subarray(offset, offset + 1000) });
  }
  await blobs.commit(key, sha256(bytes));
  const read = expect(blobs.readAll(key)).rejects.toThrow('There is no such blob.');
  await blobs.delete(key);
  await read;
});

test('a folder that someone cleared stops neither the sweep nor the end', async () => {
  const { blobs, folder } = await open({ ttlMs: 30 });
  await blobs.create('a/b');
  await blobs.create('a/b');
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await blobs.close();
});

test('appends to many blobs at once do not find the same room', async () => {
  const { blobs } = await open({ maxBytesPerApp: 100 });
  const created = await Promise.all(Array.from({ length: 20 }, () => blobs.create('a/b')));
  const appended = await Promise.allSettled(
    created.map(({ blob }) =>
      blobs.append({ appId: 'a/b', blob }, { offset: 0, bytes: randomBytes(50) }),
    ),
  );
  expect(appended.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect(blobs.usage('a/b').bytes).toBe(100);
});

test('pieces of one byte run out before the memory of the daemon does', async () => {
  const { blobs } = await open({ maxPiecesPerApp: 3 });
  const [first, second] = [await blobs.create('a/b'), await blobs.create('a/b')];
  const append = (blob: string, offset: number): Promise<number> =>
    blobs.append({ appId: 'a/b', blob }, { offset, bytes: Buffer.of(1) });
  await append(first.blob, 0);
  await append(first.blob, 1);
  await append(second.blob, 0);
  await expect(append(second.blob, 1)).rejects.toMatchObject({
    reason: 'QuotaExceeded',
    details: { limit: 3, used: 3 },
  });
  await blobs.delete({ appId: 'a/b', blob: first.blob });
  expect(await append(second.blob, 1)).toBe(2);
});
