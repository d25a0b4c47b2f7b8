import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const INSTALLED = join(ROOT, 'node_modules/@node-llama-cpp');
const MAX_BYTES = 60_000_000;

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { os?: string[]; integrity?: string; name?: string }>;
};

/** Packages that hold programs; what stands in for the others is empty. */
const builds = (): string[] =>
  readdirSync(INSTALLED).filter((name) => existsSync(join(INSTALLED, name, 'bins')));

async function sizeOf(folder: string): Promise<number> {
  const sizes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}

test('of the engine, this platform’s own build is installed, and none for a GPU or another system', () => {
  const own = process.platform === 'darwin' ? /^mac-/ : /^linux-(x64|arm64)$/;
  expect(builds().filter((name) => !own.test(name))).toEqual([]);
  expect(builds().some((name) => name.includes(process.arch))).toBe(true);
});

test('the builds of the engine take less than 60 MB', async () => {
  expect(await sizeOf(INSTALLED)).toBeLessThan(MAX_BYTES);
});

test.each(['mac-arm64-metal', 'mac-x64'])('the lockfile has the build for macOS: %s', (name) => {
  const entry = lock.packages[`node_modules/@node-llama-cpp/${name}`];
  expect(entry).toMatchObject({ os: ['darwin'] });
  expect(entry?.integrity).toMatch(/^sha512-/);
});

test.each(['linux-x64-cuda', 'linux-x64-cuda-ext', 'linux-x64-vulkan', 'win-x64'])(
  'the lockfile puts nothing in the place of %s',
  (name) => {
    expect(lock.packages[`node_modules/@node-llama-cpp/${name}`]?.name).toBe('empty-npm-package');
  },
);
