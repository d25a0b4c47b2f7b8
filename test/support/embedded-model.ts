import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Catalog } from '@locara/protocol';

const MODELS = join(import.meta.dirname, '../../models');

/** Unpacks one embedded model of the catalog into a temporary folder and returns its path. */
export function unpackEmbeddedModel(id: string): string {
  const catalog = Catalog.parse(JSON.parse(readFileSync(join(MODELS, 'catalog.json'), 'utf8')));
  const file = [...catalog.models, ...catalog.own].find((entry) => entry.id === id)?.files[0];
  if (file?.source === undefined) throw new Error(`no embedded model ${id}`);
  const { embedded, package: inPackage = '' } = file.source;
  const source =
    embedded === undefined
      ? join(import.meta.dirname, '../../node_modules', inPackage)
      : join(MODELS, embedded);
  const path = join(mkdtempSync(join(tmpdir(), 'locara-model-')), file.name);
  writeFileSync(path, gunzipSync(readFileSync(source)));
  return path;
}
