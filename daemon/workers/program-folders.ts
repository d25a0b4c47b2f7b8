import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where a worker's own code lies, links resolved: the daemon's package, the packages it needs, its entry and
 * the runtime. Nothing above them, which may be a home.
 */
export function findProgramFolders(
  entry: URL,
  site: { readonly execPath: string; readonly resolvePath: (path: string) => string },
): string[] {
  const entryFile = fileURLToPath(entry);
  const own = findPackageFolder(fileURLToPath(import.meta.url));
  const packages = foldersAbove(own)
    .map((folder) => join(folder, 'node_modules'))
    .filter((folder) => existsSync(folder));
  // A package of this workspace is a link out of node_modules.
  const protocols = packages.map((folder) => join(folder, '@locara', 'protocol'));
  const found = [
    own,
    ...packages,
    ...protocols.filter((folder) => existsSync(folder)),
    dirname(entryFile),
    // Says how the modules beside the entry are to be read.
    join(findPackageFolder(entryFile), 'package.json'),
    site.execPath,
  ];
  return [...new Set(found.map((path) => site.resolvePath(path)))];
}

function findPackageFolder(file: string): string {
  const found = foldersAbove(file).find((folder) => existsSync(join(folder, 'package.json')));
  if (found === undefined) throw new Error('this program is in no package');
  return found;
}

/** The folder of `path`, the one around it, and so on to the root. */
function foldersAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...foldersAbove(parent)];
}
