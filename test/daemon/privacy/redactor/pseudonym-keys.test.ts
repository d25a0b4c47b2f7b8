import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createPseudonymKeys } from '../../../../daemon/privacy/redactor/pseudonym-keys.ts';

function open() {
  const folder = mkdtempSync(join(tmpdir(), 'locara-k-'));
  return {
    keys: createPseudonymKeys({ privacy: () => folder }),
    folder,
    file: join(folder, 'pseudonym-key'),
  };
}

test('a key is made once, whoever asks first, for the user alone', async () => {
  const { keys, folder, file } = open();
  const all = await Promise.all(Array.from({ length: 8 }, () => keys.of('acme/notes')));
  expect(new Set(all.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1);
  expect(Buffer.from(all[0] ?? [])).toEqual(readFileSync(file));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['pseudonym-key']);
});

test('a key that cannot be relied on is refused, and none is put in its place', async () => {
  const { keys, file } = open();
  writeFileSync(file, 'short', { mode: 0o600 });
  await expect(keys.of('acme/notes')).rejects.toMatchObject({ reason: 'Unavailable' });
  expect(readFileSync(file, 'utf8')).toBe('short');
  writeFileSync(file, Buffer.alloc(32));
  chmodSync(file, 0o622);
  await expect(keys.of('acme/notes')).rejects.toMatchObject({ reason: 'Unavailable' });
});

test('a key that was destroyed is gone, and destroying none is no error', async () => {
  const { keys, folder } = open();
  await keys.of('acme/notes');
  keys.destroy('acme/notes');
  keys.destroy('acme/notes');
  expect(readdirSync(folder)).toEqual([]);
});
