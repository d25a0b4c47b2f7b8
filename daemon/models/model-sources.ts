import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { CatalogFile } from '@locara/protocol';

/** Finds the embedded source of a catalog file: beside the catalog, or inside an installed npm package. */
export function createSourceLocator(
  catalogPath: string,
): (file: CatalogFile) => string | undefined {
  const require = createRequire(import.meta.url);
  const beside = dirname(catalogPath);
  return ({ source }) => {
    if (source?.embedded !== undefined) return join(beside, source.embedded);
    if (source?.package === undefined) return undefined;
    return findInPackages(require.resolve.paths(source.package) ?? [], source.package);
  };
}

function findInPackages(folders: readonly string[], file: string): string | undefined {
  return folders.map((folder) => join(folder, file)).find((path) => existsSync(path));
}
