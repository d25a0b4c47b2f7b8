import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findBubblewrap, parseVersion } from '../../../daemon/sandbox/find-bubblewrap.ts';
import { createTemporaryFolder, ruleOf } from '../../support/signed-package.ts';

function pretend(script: string, mode = 0o755): string {
  const path = join(createTemporaryFolder(), 'bwrap');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, mode);
  return path;
}

const find = (path: string) => () => findBubblewrap({ path, system: [] });

test('versions are read from its own words', () => {
  expect(parseVersion('bubblewrap 0.8.0\n')).toEqual({ major: 0, minor: 8 });
  expect(parseVersion('bwrap 1.0')).toBeUndefined();
});

test('one that works is found, and what it can do', async () => {
  const path = pretend('[ "$1" = --version ] && echo bubblewrap 0.8.0; exit 0');
  expect(await find(path)()).toEqual({
    path,
    canDisableUserNamespaces: true,
    canLimitFolders: true,
  });
  const older = pretend('[ "$1" = --version ] && echo bubblewrap 0.6.2; exit 0');
  expect(await find(older)()).toMatchObject({
    canDisableUserNamespaces: false,
    canLimitFolders: false,
  });
});

test.each([
  ['absent', () => '/nowhere/bwrap'],
  ['too old', () => pretend('echo bubblewrap 0.4.1')],
  ['no bubblewrap', () => pretend('echo something 9.9')],
  ['open to others', () => pretend('echo bubblewrap 0.8.0', 0o777)],
])('one that is %s is none', async (_name, make) => {
  expect(await ruleOf(find(make()))).toBe('Unavailable no_bubblewrap');
});

test('one that may not make name spaces is no sandbox', async () => {
  const path = pretend('[ "$1" = --version ] && { echo bubblewrap 0.8.0; exit; }; exit 1');
  expect(await ruleOf(find(path))).toBe('Unavailable no_user_namespaces');
});
