import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProgramFolders } from '../../../daemon/workers/program-folders.ts';
import { workerEntry } from '../../../daemon/workers/entry.ts';

const ROOT = join(import.meta.dirname, '../../..');

test('a program may read its packages and its runtime, and no folder above them', () => {
  const found = findProgramFolders(workerEntry('store'), {
    execPath: '/opt/node',
    resolvePath: (path) => path,
  });
  expect(found).toContain(join(ROOT, 'daemon'));
  expect(found).toContain(join(ROOT, 'node_modules'));
  expect(found).toContain('/opt/node');
  for (const path of found) expect(`${ROOT}/`.startsWith(`${path}/`)).toBe(false);
});
