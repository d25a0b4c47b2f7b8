import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The text of the trusted root of Sigstore's public-good instance, as it ships with this daemon. */
export async function readPublicGoodRoot(): Promise<string> {
  // Beside the sources, or beside dist.
  const candidates = [
    '../../trusted-roots/public-good.json',
    '../../../trusted-roots/public-good.json',
  ];
  const paths = candidates.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new Error('the trusted root is not installed');
  return readFile(found, 'utf8');
}
