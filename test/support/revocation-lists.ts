import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBundle } from '../../clients/cli/sign-package.ts';
import { createTemporaryFolder, type KeyPair } from './signed-package.ts';

/** A list that holds for the rest of the century. */
export function revocationList(
  seq: number,
  entries: readonly Readonly<Record<string, unknown>>[] = [],
  changes: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    schema: 'locara-revocations/v1',
    seq,
    issuedAt: '2026-11-01T00:00:00Z',
    expires: '2099-01-01T00:00:00Z',
    entries,
    ...changes,
  };
}

/** Writes a list and, with a key, the bundle beside it; answers the path of the list. */
export function writeList(
  list: Readonly<Record<string, unknown>> | string,
  key?: Pick<KeyPair, 'privateKey'>,
): string {
  const path = join(createTemporaryFolder(), 'revocations.json');
  const bytes = Buffer.from(typeof list === 'string' ? list : JSON.stringify(list));
  writeFileSync(path, bytes);
  if (key !== undefined) {
    writeFileSync(`${path}.sigstore.json`, JSON.stringify(createBundle(bytes, key.privateKey)));
  }
  return path;
}
