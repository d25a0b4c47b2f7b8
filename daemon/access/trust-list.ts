import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseStrictJson, RpcError, TrustedKey } from '@locara/protocol';
import * as z from 'zod';
import { type ManagedKey, parseManagedKey } from './managed-key.ts';
import { openRegularFile, readBounded } from '../files/read-bounded.ts';
import { createTaskQueue } from './task-queue.ts';
import { writeAtomically } from '../files/write-atomically.ts';

/** A key the user trusts, ready to verify with. */
export type TrustedManagedKey = TrustedKey & Pick<ManagedKey, 'publicKey'>;

/** The public keys whose signatures the user accepts. */
export interface TrustList {
  list(): Promise<readonly TrustedKey[]>;
  /** The key of that hint, if it is trusted. */
  find(hint: string): Promise<TrustedManagedKey | undefined>;
  /** Adding the same key under the same name and scope again changes nothing. */
  add(key: {
    readonly name: string;
    readonly publicKeyPem: string;
    readonly scope: TrustedKey['scope'];
  }): Promise<TrustedKey>;
  /** By name or hint. */
  remove(key: string): Promise<TrustedKey>;
}

const MAX_FILE_BYTES = 256 * 1024;
const MAX_KEYS = 256;
const WRITABLE_BY_OTHERS = 0o022;

const StoredKey = z.strictObject({ ...TrustedKey.shape, publicKeyPem: z.string() });
const StoredList = z.strictObject({
  version: z.literal(1),
  keys: z.array(StoredKey).max(MAX_KEYS),
});
type StoredKey = z.output<typeof StoredKey>;

/**
 * The user's trusted keys, read from their file at each use: a file that is damaged or that others may
 * write trusts nobody, and every operation says so with Unavailable.
 */
export function createTrustList(options: {
  readonly path: string;
  readonly clock?: () => Date;
}): TrustList {
  const { path, clock = () => new Date() } = options;
  const inTurn = createTaskQueue();
  const save = async (keys: readonly StoredKey[]): Promise<void> => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeAtomically(path, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`);
  };
  return {
    list: async () => (await readStoredKeys(path)).map((key) => toTrustedKey(key)),
    async find(hint) {
      const stored = (await readStoredKeys(path)).find((key) => key.hint === hint);
      if (stored === undefined) return undefined;
      return { ...toTrustedKey(stored), publicKey: parseManagedKey(stored.publicKeyPem).publicKey };
    },
    add: ({ name, publicKeyPem, scope }) =>
      inTurn(async () => {
        const keys = await readStoredKeys(path);
        const { publicKey, algorithm, hint } = parseManagedKey(publicKeyPem);
        const same = keys.find((key) => key.hint === hint);
        if (same?.name === name && same.scope === scope) return toTrustedKey(same);
        assertRoom(keys, { name, hint });
        const added: StoredKey = {
          name,
          hint,
          algorithm,
          scope,
          addedAt: clock().toISOString(),
          publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }),
        };
        await save([...keys, added]);
        return toTrustedKey(added);
      }),
    remove: (wanted) =>
      inTurn(async () => {
        const keys = await readStoredKeys(path);
        const removed = keys.find((key) => key.name === wanted || key.hint === wanted);
        if (removed === undefined) {
          throw new RpcError(
            'NotFound',
            'There is no trusted key of that name: `locara trust list` names them.',
          );
        }
        await save(keys.filter((key) => key !== removed));
        return toTrustedKey(removed);
      }),
  };
}

function toTrustedKey({ name, hint, algorithm, scope, addedAt }: StoredKey): TrustedKey {
  return { name, hint, algorithm, scope, addedAt };
}

function assertRoom(
  keys: readonly StoredKey[],
  added: { readonly name: string; readonly hint: string },
): void {
  const same = keys.find((key) => key.hint === added.hint);
  if (same !== undefined) {
    throw new RpcError('Conflict', `That key is trusted already, as “${same.name}”.`);
  }
  // Names that differ in case alone would mislead the person who reads them in a prompt.
  if (keys.some((key) => key.name.toLowerCase() === added.name.toLowerCase())) {
    throw new RpcError('Conflict', 'Another trusted key has that name.');
  }
  if (keys.length >= MAX_KEYS) {
    throw new RpcError(
      'QuotaExceeded',
      `At most ${MAX_KEYS} keys can be trusted: remove one first.`,
    );
  }
}

async function readStoredKeys(path: string): Promise<StoredKey[]> {
  const opened = await openRegularFile(path);
  if (opened === 'absent') return [];
  if (opened === 'not a regular file') throw refuseList('is not a regular file');
  await using file = opened;
  const { mode, uid } = await file.stat();
  if ((mode & WRITABLE_BY_OTHERS) !== 0) throw refuseList('can be written by others');
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw refuseList('belongs to another user');
  }
  const bytes = await readBounded(file, MAX_FILE_BYTES);
  if (bytes === undefined) throw refuseList('is too long');
  return parseStoredKeys(bytes);
}

function parseStoredKeys(bytes: Uint8Array): StoredKey[] {
  try {
    const { keys } = StoredList.parse(parseStrictJson(bytes));
    if (keys.every(isConsistent)) return keys;
  } catch {
    // Whatever is wrong with it, the answer is the one below.
  }
  throw refuseList('is damaged');
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
