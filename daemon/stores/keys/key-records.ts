import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createPrivateFile, destroyFile, isFileError } from '../../files/durable-files.ts';
import { readOwnFile } from '../../files/read-own-file.ts';
import { replaceSecretFile } from '../../files/replace-secret-file.ts';
import type { Paths } from '../../paths.ts';
import { unavailable } from './key-errors.ts';
import { formatKeyRecord, type KeyRecord, parseKeyRecord } from './key-record.ts';

const MAX_RECORD_BYTES = 16 * 1024;
const ENDING = '.json';

/** The files of the wrapped keys, one per store. */
export interface KeyRecords {
  /** Undefined when there is none; throws Unavailable (`key_unreadable`) when it is damaged. */
  read(storeId: string): Promise<KeyRecord | undefined>;
  /** False when there is one already. */
  create(storeId: string, record: KeyRecord): boolean;
  replace(storeId: string, record: KeyRecord): Promise<void>;
  destroy(storeId: string): void;
  /** The ids of all stores that have keys. */
  list(): string[];
}

export function createKeyRecords(paths: Pick<Paths, 'storeKey'>): KeyRecords {
  return {
    read: async (storeId) => {
      const found = await readOwnFile(paths.storeKey(storeId), MAX_RECORD_BYTES);
      if ('absent' in found) return undefined;
      const record = 'bytes' in found ? parseKeyRecord(found.bytes) : undefined;
      if (record === undefined) throw keyUnreadable();
      return record;
    },
    create: (storeId, record) =>
      createPrivateFile(paths.storeKey(storeId), formatKeyRecord(record)),
    replace: (storeId, record) =>
      replaceSecretFile(paths.storeKey(storeId), formatKeyRecord(record)),
    destroy: (storeId) => {
      destroyFile(paths.storeKey(storeId));
    },
    list: () => listRecords(dirname(dirname(paths.storeKey('publisher/name')))),
  };
}

export function keyUnreadable(): Error {
  return unavailable(
    'key_unreadable',
    'The key of this store does not unwrap: put data/keys/stores back from a backup.',
  );
}

function listRecords(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith(ENDING))
      .map((name) => name.slice(0, -ENDING.length));
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return [];
    throw error;
  }
}
