import {
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadDaemonKey } from '../../../daemon/access/daemon-key.ts';
import { createKeyPair, createTemporaryFolder } from '../../support/signed-package.ts';

test('the key is made once, for the owner alone, and read back', () => {
  const folder = createTemporaryFolder();
  const { publicKey } = loadDaemonKey(folder);
  expect(publicKey).toHaveLength(32);
  expect(loadDaemonKey(folder).publicKey).toEqual(publicKey);
  expect(readdirSync(folder)).toEqual(['daemon.pem']);
  expect(statSync(join(folder, 'daemon.pem')).mode & 0o777).toBe(0o600);
});

test('a first start that was cut off before the key was whole does not stop the next', () => {
  const folder = createTemporaryFolder();
  writeFileSync(join(folder, 'daemon.pem.0123456789ab.new'), '-----BEGIN');
  expect(loadDaemonKey(folder).publicKey).toHaveLength(32);
});

test.each([
  [
    'is empty',
    (path: string) => {
      writeFileSync(path, '');
    },
  ],
  [
    'is not a key',
    (path: string) => {
      writeFileSync(path, 'secret');
    },
  ],
  [
    'is a key of another kind',
    (path: string) => {
      writeFileSync(path, createKeyPair().keyPem);
    },
  ],
  [
    'others can read',
    (path: string) => {
      chmodSync(path, 0o644);
    },
  ],
  [
    'others can write',
    (path: string) => {
      chmodSync(path, 0o620);
    },
  ],
  [
    'is a link',
    (path: string) => {
      renameSync(path, `${path}.real`);
      symlinkSync(`${path}.real`, path);
    },
  ],
])('a key file that %s is refused, kept, and not quoted', (_, damage) => {
  const folder = createTemporaryFolder();
  const path = join(folder, 'daemon.pem');
  loadDaemonKey(folder);
  damage(path);
  const before = readFileSync(path, 'utf8');
  expect(() => loadDaemonKey(folder)).toThrow(/^The daemon key/);
  expect(() => loadDaemonKey(folder)).not.toThrow(/secret/);
  expect(readFileSync(path, 'utf8')).toBe(before);
});
