import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Catalog, type CatalogEntry, parseModelPin } from '@locara/protocol';

/** The known models, with their digests. */
export interface ModelCatalog {
  readonly models: readonly CatalogEntry[];
  /** One of the daemon's own, as voice activity. Throws when the catalog lacks it. */
  own(id: string): CatalogEntry;
  find(id: string): CatalogEntry | undefined;
  /** The entry that a manifest's pin names, if id and digest both agree. */
  findPinned(pin: string): CatalogEntry | undefined;
}

export function readCatalog(path: string): ModelCatalog {
  const { models, own } = Catalog.parse(JSON.parse(readFileSync(path, 'utf8')));
  const find = (id: string) => models.find((entry) => entry.id === id);
  return {
    models,
    find,
    own: (id) => {
      const entry = own.find((candidate) => candidate.id === id);
      if (entry === undefined) throw new Error(`The catalog lacks ${id}`);
      return entry;
    },
    findPinned: (pin) => {
      const { id, digest } = parseModelPin(pin);
      const entry = find(id);
      return entry !== undefined && digestOf(entry) === digest ? entry : undefined;
    },
  };
}

/** `sha256:<hex>`: of one file its own digest, of several the SHA-256 over lines `<sha256>␠␠<name>\n`. */
export function digestOf(entry: CatalogEntry): string {
  const [first, ...others] = entry.files;
  if (first !== undefined && others.length === 0) return `sha256:${first.sha256}`;
  const hash = createHash('sha256');
  for (const { sha256, name } of entry.files) hash.update(`${sha256}  ${name}\n`);
  return `sha256:${hash.digest('hex')}`;
}

export function bytesOf(entry: CatalogEntry): number {
  return entry.files.reduce((sum, file) => sum + file.bytes, 0);
}
