import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT, listImports, readSources } from './sources.ts';

interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}

/** A package and everything that its install brings along. */
function listInstalled(name: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const folder = join(ROOT, 'node_modules', name);
  if (!existsSync(folder)) return seen;
  const manifest = readManifest(join('node_modules', name));
  const needed = { ...manifest.dependencies, ...manifest.optionalDependencies };
  for (const dependency of Object.keys(needed)) listInstalled(dependency, seen);
  return seen;
}

function listNativeFiles(name: string): string[] {
  const folder = join(ROOT, 'node_modules', name);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(node|so|dylib)$|(^|\/)binding\.gyp$/.test(path) && !path.includes('node_modules'),
  );
}

const packages = ['protocol', 'daemon', 'clients/typescript', 'clients/cli'];

test('protocol depends on zod and the licence lists alone', () => {
  const { dependencies, optionalDependencies } = readManifest('protocol');
  expect(Object.keys({ ...dependencies, ...optionalDependencies })).toEqual([
    'spdx-expression-parse',
    'spdx-osi',
    'zod',
  ]);
});

describe('the client', () => {
  const installed = [...listInstalled('@locara/client')];

  test('brings no native module along', () => {
    expect(installed.flatMap(listNativeFiles)).toEqual([]);
  });

  test('brings few packages along, and never the daemon', () => {
    expect(installed.sort()).toEqual([
      '@locara/client',
      '@locara/protocol',
      'json-rpc-2.0',
      'spdx-exceptions',
      'spdx-expression-parse',
      'spdx-license-ids',
      'spdx-osi',
      'zod',
    ]);
  });

  test('would be seen with a native module', () => {
    expect(
      [...listInstalled('better-sqlite3-multiple-ciphers')].flatMap(listNativeFiles),
    ).not.toEqual([]);
  });
});

test.each(['daemon', 'clients/cli'])('%s exports nothing: it is a program', (folder) => {
  expect(readManifest(folder).exports).toEqual({});
});

test.each(packages)('%s imports only what its package.json declares', (folder) => {
  const { dependencies, optionalDependencies } = readManifest(folder);
  const declared = Object.keys({ ...dependencies, ...optionalDependencies });
  const imported = readSources()
    .filter(({ path }) => path.startsWith(`${folder}/`))
    .flatMap(listImports)
    .map(({ target }) => target)
    .filter((target) => !target.includes('.ts') && !target.startsWith('node:'));
  expect(imported.filter((name) => !declared.includes(name))).toEqual([]);
  expect(imported.filter((name) => builtinModules.includes(name))).toEqual([]);
});

test.each(packages)('%s says what it is: licence, README, changelog', (folder) => {
  expect(readManifest(folder).license).toBe('Apache-2.0');
  expect(
    ['README.md', 'CHANGELOG.md'].filter((file) => !existsSync(join(ROOT, folder, file))),
  ).toEqual([]);
});

test('the README of the daemon names each of its folders', () => {
  const readme = readFileSync(join(ROOT, 'daemon', 'README.md'), 'utf8');
  const folders = readdirSync(join(ROOT, 'daemon'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['bin', 'dist', 'node_modules'].includes(entry.name))
    .map(({ name }) => name);
  expect(folders.filter((name) => !readme.includes(`\`${name}/\``))).toEqual([]);
});

test('every runtime dependency is in the index of decisions', () => {
  const index = readFileSync(join(ROOT, 'daemon', 'decisions', 'README.md'), 'utf8');
  const needed = packages.flatMap((folder) => Object.keys(readManifest(folder).dependencies ?? {}));
  const own = (name: string): boolean => name.startsWith('@locara/');
  const isNamed = (name: string): boolean =>
    index.includes(`\`${name}\``) || index.includes(`\`${name.replace('@sigstore/', '')}\``);
  expect(needed.filter((name) => !own(name) && !isNamed(name))).toEqual([]);
});

test('a decision note has at most 40 lines', () => {
  const folder = join(ROOT, 'daemon', 'decisions');
  const tooLong = readdirSync(folder)
    .filter((name) => /^\d{4}-[a-z0-9-]+\.md$/.test(name))
    .filter((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').length > 40);
  expect(tooLong).toEqual([]);
});
