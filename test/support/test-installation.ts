import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, sep } from 'node:path';
import { Catalog, type CatalogEntry } from '@locara/protocol';

const ROOT = join(import.meta.dirname, '../..');
const SKIPPED = new Set(['node_modules', 'decisions']);

/** A model that only one test installation knows. */
export interface ExtraModel {
  readonly entry: CatalogEntry;
  /** Of its one file. */
  readonly path: string;
}

/**
 * A copy of this installation, so that a daemon with more models than the shipped ones needs no setting that
 * production would have to trust: like every daemon, it believes the catalog it was installed with. Returns its root.
 */
export function createInstallation(extra: readonly ExtraModel[]): string {
  const root = mkdtempSync(join(tmpdir(), 'locara-i-'));
  cpSync(join(ROOT, 'daemon'), join(root, 'daemon'), {
    recursive: true,
    filter: (path) =>
      !SKIPPED.has(basename(path)) && !path.startsWith(join(ROOT, 'daemon') + sep + '.'),
  });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const models = join(root, 'models');
  mkdirSync(models);
  symlinkSync(join(ROOT, 'models/embedded'), join(models, 'embedded'));
  const shipped = Catalog.parse(
    JSON.parse(readFileSync(join(ROOT, 'models/catalog.json'), 'utf8')),
  );
  const added = extra.map(({ entry, path }) => {
    const [file] = entry.files;
    if (file === undefined) throw new Error(`${entry.id} has no file`);
    symlinkSync(path, join(models, file.name));
    return { ...entry, embedded: true, files: [{ ...file, source: { embedded: file.name } }] };
  });
  const catalog = { ...shipped, models: [...shipped.models, ...added] };
  writeFileSync(join(models, 'catalog.json'), JSON.stringify(catalog));
  return root;
}
