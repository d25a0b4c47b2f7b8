import { existsSync, lstatSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isSafeEntry, isSafeTree } from './safe-tree.ts';

const SCOPE = '@node-llama-cpp';
const GPU_PACKAGES = ['linux-x64-cuda', 'linux-x64-cuda-ext', 'linux-x64-vulkan'] as const;

/** GPU builds by what they need, the faster first. */
const GPU_BUILDS = [
  { gpu: 'cuda', package: '@node-llama-cpp/linux-x64-cuda' },
  { gpu: 'vulkan', package: '@node-llama-cpp/linux-x64-vulkan' },
] as const;

export type LinuxGpu = (typeof GPU_BUILDS)[number]['gpu'];

/**
 * The library names its GPU builds as packages; from now on they are those of this folder, which an install does
 * not touch. It refuses a build of another version than its own. Call before the library is imported.
 */
export function takeEnginePackages(folder: string): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const isOurs = isGpuPackage(specifier) && isSafeFolder(folder);
      const place = isOurs ? packageEntry(folder, specifier) : '';
      return isOurs && existsSync(place)
        ? nextResolve(pathToFileURL(place).href, context)
        : nextResolve(specifier, context);
    },
  });
}

/** What the folder holds; empty when others than root and this user may change anything of it. */
export function findGpuBuilds(folder: string): readonly LinuxGpu[] {
  if (!isSafeFolder(folder)) return [];
  return GPU_BUILDS.filter((build) => existsSync(packageEntry(folder, build.package))).map(
    ({ gpu }) => gpu,
  );
}

/**
 * Programs come from there: a folder is no source if others can change it, or anything that is loaded from it; nor if
 * that cannot be found out.
 */
export function isSafeFolder(folder: string): boolean {
  try {
    const stats = statSync(folder);
    return stats.isDirectory() && isSafeEntry(stats) && arePackagesSafe(join(folder, SCOPE));
  } catch {
    return false;
  }
}

function arePackagesSafe(scope: string): boolean {
  if (!isThere(scope)) return true;
  const stats = lstatSync(scope);
  if (!stats.isDirectory() || !isSafeEntry(stats)) return false;
  const packages = GPU_PACKAGES.map((name) => join(scope, name));
  return packages.every((path) => !isThere(path) || isSafeTree(path));
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isGpuPackage(specifier: string): boolean {
  return GPU_PACKAGES.some((name) => specifier === `${SCOPE}/${name}`);
}

function packageEntry(folder: string, name: string): string {
  return join(folder, name, 'dist', 'index.js');
}
