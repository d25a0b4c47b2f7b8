import { lstatSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RpcError } from '@locara/protocol/errors';
import { createPrivateFolder, syncFolder } from '../../files/durable-files.ts';
import type { StoreDatabase } from '../database/database.ts';
import { damaged } from '../database/store-errors.ts';
import { BACKUPS_FOLDER, isRegularFile, listNames } from '../database/swap.ts';
import { makeBackupId, readBackupId, type BackupFacts, type BackupReason } from './backup-id.ts';
import { digestContents, readSchemaVersion } from './contents.ts';
import { vacuumInto, verifyCopy, withScratch } from './copy-files.ts';
import { selectExpired, sortNewestFirst } from './retention.ts';

const FILE_SUFFIX = '.db';
/** All backups of a store together may take so many times what the store itself may. */
const QUOTAS_KEPT = 3;

/** One whole, verified copy of the store, encrypted like it. */
export interface Backup extends BackupFacts {
  readonly id: string;
  readonly bytes: number;
}

/** What a backup is made of. */
export interface BackupSource {
  readonly database: StoreDatabase;
  readonly key: Uint8Array;
}

/** The backups in a store's folder. */
export interface Backups {
  /** Newest first. */
  list(): Backup[];
  /** Made, proved and on the disk when this returns; a full disk is InsufficientResources and leaves nothing. */
  create(source: BackupSource, reason: BackupReason): Backup;
  /** Its file; `latest` is the newest. Throws NotFound. */
  find(id: string): { readonly backup: Backup; readonly path: string };
  pathOf(id: string): string;
  remove(id: string): void;
  /** Removes what is kept no longer. */
  prune(isOptedIn: boolean): void;
  /** What all files of the store take, its backups included. */
  footprint(): { readonly diskBytes: number; readonly backups: number };
}

export function createBackups(store: {
  /** Of the store's own file. */
  readonly path: string;
  readonly quotaBytes: number;
  readonly now: () => Date;
}): Backups {
  const folder = join(dirname(store.path), BACKUPS_FOLDER);
  const pathOf = (id: string): string => join(folder, `${id}${FILE_SUFFIX}`);
  const list = (): Backup[] => listBackups(folder);
  const remove = (id: string): void => {
    rmSync(pathOf(id), { force: true });
    syncFolder(folder);
  };
  return {
    list,
    pathOf,
    remove,
    create: ({ database, key }, reason) => {
      const createdAt = nextTime(store.now(), list()[0]?.createdAt);
      const id = makeBackupId({ createdAt, reason, schemaVersion: readSchemaVersion(database) });
      withScratch(folder, (scratch) => {
        prepareFolder(folder);
        vacuumInto(database, scratch);
        verifyCopy(scratch, { key, contents: digestContents(database) });
        renameSync(scratch, pathOf(id));
        syncFolder(folder);
      });
      return findBackup(list(), id);
    },
    find: (id) => {
      const backup = findBackup(list(), id);
      return { backup, path: pathOf(backup.id) };
    },
    prune: (isOptedIn) => {
      const rules = { now: store.now(), isOptedIn, maxBytes: store.quotaBytes * QUOTAS_KEPT };
      for (const { id } of selectExpired(list(), rules)) remove(id);
    },
    footprint: () => ({ diskBytes: countBytes(dirname(store.path)), backups: list().length }),
  };
}

function listBackups(folder: string): Backup[] {
  const backups = listNames(folder).flatMap((name) => {
    const id = name.endsWith(FILE_SUFFIX) ? name.slice(0, -FILE_SUFFIX.length) : '';
    const facts = readBackupId(id);
    const path = join(folder, name);
    if (facts === undefined || !isRegularFile(path)) return [];
    return [{ id, ...facts, bytes: statSync(path).size }];
  });
  return sortNewestFirst(backups);
}

function findBackup(backups: readonly Backup[], id: string): Backup {
  const found = id === 'latest' ? backups[0] : backups.find((backup) => backup.id === id);
  if (found === undefined) throw new RpcError('NotFound', 'There is no such backup.');
  return found;
}

/** Two copies in one millisecond, or after the clock was set back, still sort as they were made. */
function nextTime(now: Date, newest: string | undefined): string {
  const after = newest === undefined ? 0 : Date.parse(newest) + 1;
  return new Date(Math.max(now.getTime(), after)).toISOString();
}

/** Throws Unavailable where something else is in the folder's place. */
function prepareFolder(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) createPrivateFolder(folder);
  else if (!found.isDirectory()) throw damaged();
}

function countBytes(folder: string): number {
  return listNames(folder).reduce((sum, name) => {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) return sum + countBytes(path);
    return sum + (found?.size ?? 0);
  }, 0);
}
