import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeAtomically } from '../../../daemon/files/write-atomically.ts';
import { createTemporaryFolder, rejectionOf } from '../../support/signed-package.ts';

test('replaces a file with one that only the owner can read, and leaves nothing beside it', async () => {
  const folder = createTemporaryFolder();
  const path = join(folder, 'file');
  writeFileSync(path, 'old', { mode: 0o666 });
  await writeAtomically(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['file']);
});

test('replaces a link instead of writing through it', async () => {
  const folder = createTemporaryFolder();
  const target = join(folder, 'target');
  writeFileSync(target, 'untouched');
  symlinkSync(target, join(folder, 'file'));
  await writeAtomically(join(folder, 'file'), 'new');
  expect(readFileSync(target, 'utf8')).toBe('untouched');
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('new');
});

// The kernel lets nobody make files there, not even root.
test.runIf(process.platform === 'linux')('a place that may not be written says so', async () => {
  const error = await rejectionOf(() => writeAtomically('/sys/locara', 'x'));
  expect(error).toMatchObject({ reason: 'Unavailable', details: { rule: 'not_writable' } });
  expect(error.message).not.toContain('/sys');
});

test('a full disk is InsufficientResources and leaves every file of a group alone', () => {
  const folder = createTemporaryFolder();
  const paths = ['first', 'second'].map((name) => join(folder, name));
  for (const path of paths) writeFileSync(path, 'old');
  const source = join(import.meta.dirname, '../../../daemon/files/write-atomically.ts');
  const script = `
    const { replaceFiles } = await import(${JSON.stringify(source)});
    const [first, second] = ${JSON.stringify(paths)};
    await replaceFiles([
      { path: first, content: 'new' },
      { path: second, content: new Uint8Array(1024 * 1024) },
    ]).catch((error) => process.stdout.write(error.reason ?? String(error)));`;
  const limited = 'ulimit -f 8; exec "$0" --conditions=locara-source --input-type=module -e "$1"';
  const output = execFileSync('bash', ['-c', limited, process.execPath, script]);
  expect(output.toString()).toBe('InsufficientResources');
  for (const path of paths) expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['first', 'second']);
});
