import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RpcError } from '@locara/protocol';
import { createPrivateFile, destroyFile, isFileError } from '../../../files/durable-files.ts';
import { readOwnFile } from '../../../files/read-own-file.ts';
import { removeTree } from '../../../files/remove-tree.ts';
import { replaceSecretFile } from '../../../files/replace-secret-file.ts';
import type { Paths } from '../../../paths.ts';
import {
  type DatabaseRecord,
  formatDatabaseRecord,
  parseDatabaseRecord,
} from './database-record.ts';

const MAX_RECORD_BYTES = 16 * 1024;
const RECORD_FILE = /^[0-9a-f]{64}\.json$/;

/** The records of an app's databases, a file each. The names are the app's own: no file is called by one. */
export interface DatabaseFiles {
  /** Undefined when there is none; throws Unavailable (`vault_damaged`) when it cannot be relied on. */
  read(appId: string, database: string): Promise<DatabaseRecord | undefined>;
  list(appId: string): Promise<DatabaseRecord[]>;
  /** How many there are, also where one is damaged. */
  count(appId: string): Promise<number>;
  /** False when there is one already. */
  create(appId: string, record: DatabaseRecord): boolean;
  /** The new one is on the disk, and the old one with what a kill left of it overwritten, when it resolves. */
  replace(appId: string, record: DatabaseRecord): Promise<void>;
  /** Also one that is damaged, and what a kill left of writing it. False when there was none. */
  destroy(appId: string, database: string): Promise<boolean>;
  wipe(appId: string): Promise<void>;
}

export function createDatabaseFiles(paths: Pick<Paths, 'vault'>): DatabaseFiles {
  const pathOf = (appId: string, database: string): string =>
    join(paths.vault(appId), `${createHash('sha256').update(database).digest('hex')}.json`);
  const list = async (appId: string): Promise<string[]> =>
    (await listFiles(paths.vault(appId))).filter((path) => RECORD_FILE.test(basename(path)));
  return {
    read: async (appId, database) => {
      const record = await readRecord(pathOf(appId, database));
      if (record !== undefined && record.database !== database) throw damaged();
      return record;
    },
    list: async (appId) => {
      const records = await Promise.all((await list(appId)).map((path) => readRecord(path)));
      return records
        .filter((record) => record !== undefined)
        .sort((left, right) => (left.database < right.database ? -1 : 1));
    },
    count: async (appId) => (await list(appId)).length,
    create: (appId, record) =>
      createPrivateFile(pathOf(appId, record.database), formatDatabaseRecord(record)),
    replace: async (appId, record) => {
      const path = pathOf(appId, record.database);
      await replaceSecretFile(path, formatDatabaseRecord(record));
      for (const copy of await listCopies(path)) if (copy !== path) destroyFile(copy);
    },
    destroy: async (appId, database) => {
      const path = pathOf(appId, database);
      const copies = await listCopies(path);
      for (const copy of copies) destroyFile(copy);
      return copies.includes(path);
    },
    wipe: async (appId) => {
      for (const path of await listFiles(paths.vault(appId))) destroyFile(path);
      await removeTree(paths.vault(appId));
    },
  };
}

/** A record, and what a kill left of writing it. */
async function listCopies(path: string): Promise<string[]> {
  return (await listFiles(dirname(path))).filter((copy) => copy.startsWith(path));
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return [];
    throw error;
  }
}

async function readRecord(path: string): Promise<DatabaseRecord | undefined> {
  const found = await readOwnFile(path, MAX_RECORD_BYTES);
  if ('absent' in found) return undefined;
  const record = 'bytes' in found ? parseDatabaseRecord(found.bytes) : undefined;
  if (record === undefined) throw damaged();
  return record;
}

function damaged(): RpcError {
  return new RpcError(
    'Unavailable',
    'The key of this database cannot be read: put data/vaults back from a backup.',
    { details: { rule: 'vault_damaged' } },
  );
}
