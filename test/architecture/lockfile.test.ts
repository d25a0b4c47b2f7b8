import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './sources.ts';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface Lockfile {
  readonly packages: Readonly<
    Record<string, Manifest & { readonly version?: string; readonly integrity?: string }>
  >;
}

const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
const lockfile = JSON.parse(text) as Lockfile;
const workspaces = ['', 'protocol', 'daemon', 'clients/typescript', 'clients/cli'];

function readManifest(workspace: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, workspace, 'package.json'), 'utf8')) as Manifest;
}

/** Optional packages that npm could not resolve are dropped without a word; `npm ci` fails later. */
function findUnlocked(declared: Readonly<Record<string, string>>, locked: Lockfile): string[] {
  return Object.entries(declared)
    .filter(([name, version]) => locked.packages[`node_modules/${name}`]?.version !== version)
    .map(([name]) => name);
}

/** Places that would tie an install to one registry: `npm ci` must use the user's own. */
function findRegistryHosts(lock: string): string[] {
  return [...lock.matchAll(/"resolved": "(?:https?|git[^"]*):\/\/([^/"]+)/g)].map(
    ([, host = '']) => host,
  );
}

test.each(workspaces)('every optional package of "%s" is in the lockfile, pinned', (workspace) => {
  expect(findUnlocked(readManifest(workspace).optionalDependencies ?? {}, lockfile)).toEqual([]);
});

test.each(workspaces)('the lockfile has what package.json of "%s" declares', (workspace) => {
  const { dependencies, optionalDependencies, devDependencies } = readManifest(workspace);
  expect(lockfile.packages[workspace]).toMatchObject({
    ...(dependencies && { dependencies }),
    ...(optionalDependencies && { optionalDependencies }),
    ...(devDependencies && { devDependencies }),
  });
});

test('engines for macOS and Linux are locked, whatever machine made the lockfile', () => {
  expect(Object.keys(lockfile.packages)).toEqual(
    expect.arrayContaining([
      'node_modules/@node-llama-cpp/mac-arm64-metal',
      'node_modules/@node-llama-cpp/linux-x64',
      'node_modules/@node-llama-cpp/linux-arm64',
      'node_modules/@koromix/koffi-darwin-arm64',
      'node_modules/@koromix/koffi-linux-x64',
    ]),
  );
});

test('the lockfile names no registry host', () => {
  expect(findRegistryHosts(text)).toEqual([]);
});

test('every package from a registry has a digest', () => {
  const undigested = Object.entries(lockfile.packages)
    .filter(([path, entry]) => path.startsWith('node_modules/') && !('link' in entry))
    .filter(([, entry]) => entry.integrity === undefined)
    .map(([path]) => path);
  expect(undigested).toEqual([]);
});

describe('the checks themselves', () => {
  test('see a missing optional package and a loose version', () => {
    const locked = { packages: { 'node_modules/b': { version: '1.0.1' } } };
    expect(findUnlocked({ a: '1.0.0', b: '1.0.0' }, locked)).toEqual(['a', 'b']);
  });

  test('see a registry host', () => {
    const line = '"resolved": "https://registry.example.org/zod/-/zod-4.0.0.tgz"';
    expect(findRegistryHosts(line)).toEqual(['registry.example.org']);
  });
});
