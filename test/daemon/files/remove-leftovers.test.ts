import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { removeLeftovers } from '../../../daemon/files/remove-leftovers.ts';
import { createTemporaryFolder } from '../../support/signed-package.ts';

const HALF_WRITTEN = [
  'revocations.json.0123456789ab.tmp',
  'daemon.pem.0123456789ab.new',
  'stores/acme/notes.json.0123456789ab.new',
];
const WHOLE = ['revocations.json', 'notes.tmp', 'daemon.pem.new'];

function createFolder(): string {
  const folder = createTemporaryFolder();
  for (const name of [...HALF_WRITTEN, ...WHOLE]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), 'x');
  }
  return folder;
}

test('half-written lists and keys that nobody owns are removed, what is whole stays', async () => {
  const folder = createFolder();
  await removeLeftovers(folder, { isDeep: true });
  expect(readdirSync(folder).sort()).toEqual([...WHOLE, 'stores'].sort());
  expect(readdirSync(join(folder, 'stores/acme'))).toEqual([]);
});

test('folders inside are left alone unless asked', async () => {
  const folder = createFolder();
  await removeLeftovers(folder);
  expect(readdirSync(join(folder, 'stores/acme'))).toHaveLength(1);
});

test('a folder that is not there has nothing to remove', async () => {
  await removeLeftovers(join(createTemporaryFolder(), 'none'));
});
