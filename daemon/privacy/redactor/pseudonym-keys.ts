import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import { createPrivateFile, destroyFile } from '../../files/durable-files.ts';
import { readOwnFile } from '../../files/read-own-file.ts';
import type { Paths } from '../../paths.ts';
import { PSEUDONYM_KEY_BYTES } from '../redaction/replacement/pseudonym.ts';

const KEY_FILE = 'pseudonym-key';

/** The key by which an app's pseudonyms are made: as long as it lasts, the same value has the same pseudonym. */
export interface PseudonymKeys {
  /** Made when it is first asked for. Throws Unavailable where the one that is there cannot be relied on. */
  of(appId: string): Promise<Uint8Array>;
  /** Afterwards nobody can tell any more what a pseudonym stands for. */
  destroy(appId: string): void;
}

export function createPseudonymKeys(paths: Pick<Paths, 'privacy'>): PseudonymKeys {
  const fileOf = (appId: string): string => join(paths.privacy(appId), KEY_FILE);
  return {
    of: async (appId) =>
      (await readKey(fileOf(appId))) ?? (await createKey(fileOf(appId))) ?? fail('is gone'),
    destroy: (appId) => {
      destroyFile(fileOf(appId));
    },
  };
}

/** Whoever comes second reads what the first one made. */
async function createKey(path: string): Promise<Uint8Array | undefined> {
  createPrivateFile(path, randomBytes(PSEUDONYM_KEY_BYTES));
  return readKey(path);
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  const read = await readOwnFile(path, PSEUDONYM_KEY_BYTES);
  if ('absent' in read) return undefined;
  if ('problem' in read) return fail(read.problem);
  return read.bytes.length === PSEUDONYM_KEY_BYTES ? read.bytes : fail('is not whole');
}

function fail(problem: string): never {
  throw new RpcError('Unavailable', `The key for pseudonyms ${problem}.`, {
    details: { rule: 'pseudonym_key' },
  });
}
