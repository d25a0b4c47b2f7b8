import { existsSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const GPU_PACKAGE = /^@node-llama-cpp\/linux-x64-(cuda|cuda-ext|vulkan)$/;
const OPEN_TO_OTHERS = 0o022;

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
      const isOurs = GPU_PACKAGE.test(specifier) && isSafeFolder(folder);
      const place = isOurs ? packageEntry(folder, specifier) : '';
      return isOurs && existsSync(place)
        ? nextResolve(pathToFileURL(place).href, context)
        : nextResolve(specifier, context);
    },
  });
}

/** What the folder holds; empty when others than root and this user may change it. */
export function findGpuBuilds(folder: string): readonly LinuxGpu[] {
  if (!isSafeFolder(folder)) return [];
  return GPU_BUILDS.filter((build) => existsSync(packageEntry(folder, build.package))).map(
    ({ gpu }) => gpu,
  );
}

/** Programs come from there: a folder that others can change is no source. */
export function isSafeFolder(folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return false;
  const isOurs = stats.uid === 0 || stats.uid === process.getuid?.();
  return isOurs && (stats.mode & OPEN_TO_OTHERS) === 0;
}

function packageEntry(folder: string, name: string): string {
  return join(folder, name, 'dist', 'index.js');
}
