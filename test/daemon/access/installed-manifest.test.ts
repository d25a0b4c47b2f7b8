import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf } from '../../../daemon/access/app-record-file.ts';
import { watchManifest } from '../../../daemon/access/installed-manifest.ts';
import { createTemporaryFolder } from '../../support/signed-package.ts';

const TEXT = '{"name":"notes"}';

function install(): { readonly path: string; readonly isIntact: () => boolean } {
  const path = join(createTemporaryFolder(), 'locara.json');
  writeFileSync(path, TEXT);
  const manifest = watchManifest(path, digestOf(Buffer.from(TEXT)));
  expect(manifest.isIntact()).toBe(true);
  return { path, isIntact: () => manifest.isIntact() };
}

const edits: [string, (path: string) => void][] = [
  [
    'edited in place by one byte, its times set back',
    (path) => {
      writeFileSync(path, TEXT.replace('notes', 'nites'));
      utimesSync(path, 0, 0);
    },
  ],
  [
    'longer',
    (path) => {
      writeFileSync(path, `${TEXT} `);
    },
  ],
  [
    'deleted',
    (path) => {
      rmSync(path);
    },
  ],
  [
    'replaced by another file',
    (path) => {
      writeFileSync(`${path}.new`, '{}');
      renameSync(`${path}.new`, path);
    },
  ],
  [
    'a link to the same bytes',
    (path) => {
      renameSync(path, `${path}.old`);
      symlinkSync(`${path}.old`, path);
    },
  ],
  [
    'a folder',
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
];

test.each(edits)('a manifest that is %s is not intact', (_, edit) => {
  const { path, isIntact } = install();
  edit(path);
  expect(isIntact()).toBe(false);
});

test('a manifest that is put back is intact again', () => {
  const { path, isIntact } = install();
  writeFileSync(path, '{}');
  expect(isIntact()).toBe(false);
  writeFileSync(path, TEXT);
  expect(isIntact()).toBe(true);
});
