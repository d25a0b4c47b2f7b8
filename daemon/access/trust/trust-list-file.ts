import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseStrictJson, RpcError, TrustedIdentity, TrustedKey } from '@locara/protocol';
import * as z from 'zod';
import { readOwnFile } from '../../files/read-own-file.ts';
import { writeAtomically } from '../../files/write-atomically.ts';
import { assertExactIdentity } from './exact-identity.ts';
import { parseManagedKey } from './managed-key.ts';

export const MAX_TRUSTED = 256;
const MAX_FILE_BYTES = 4 * 1024 * 1024;

const StoredKey = z.strictObject({ ...TrustedKey.shape, publicKeyPem: z.string() });
const StoredIdentity = z.strictObject({
  ...TrustedIdentity.shape,
  root: z.string().regex(/^(?:public-good|sha256:[0-9a-f]{64})$/),
});
const StoredList = z.strictObject({
  version: z.literal(1),
  keys: z.array(StoredKey).max(MAX_TRUSTED),
  identities: z.array(StoredIdentity).max(MAX_TRUSTED),
});
export type StoredKey = z.output<typeof StoredKey>;
export type StoredTrust = Pick<z.output<typeof StoredList>, 'keys' | 'identities'>;

/** Everything the user trusts; throws Unavailable for a file that is damaged or that others may write. */
export async function readStoredTrust(path: string): Promise<StoredTrust> {
  const found = await readOwnFile(path, MAX_FILE_BYTES);
  if ('absent' in found) return { keys: [], identities: [] };
  if ('problem' in found) throw refuseList(found.problem);
  try {
    const { keys, identities } = StoredList.parse(
      parseStrictJson(found.bytes, { maxBytes: MAX_FILE_BYTES }),
    );
    identities.forEach(assertExactIdentity);
    if (keys.every(isConsistent)) return { keys, identities };
  } catch {
    // Whatever is wrong with it, the answer is the one below.
  }
  throw refuseList('is damaged');
}

export async function writeStoredTrust(
  path: string,
  { keys, identities }: StoredTrust,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeAtomically(path, `${JSON.stringify({ version: 1, keys, identities }, null, 2)}\n`);
}

function isConsistent(key: StoredKey): boolean {
  const { hint, algorithm } = parseManagedKey(key.publicKeyPem);
  return hint === key.hint && algorithm === key.algorithm;
}

function refuseList(problem: string): RpcError {
  return new RpcError(
    'Unavailable',
    `The trust list (trust.json) ${problem}, so no signature is accepted; repair or remove it.`,
    { details: { rule: 'trust_list', problem } },
  );
}
