import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_FILE } from '../database/store-file.ts';
import { BACKUPS_FOLDER } from '../database/swap.ts';

/** What a store takes on disk, by what it is. */
export interface StoreDiskUse {
  readonly databaseBytes: number;
  /** Changes that are not in the database file yet. */
  readonly logBytes: number;
  readonly backupBytes: number;
  /** What was set aside after damage, and copies in the making. */
  readonly otherBytes: number;
  readonly backups: number;
}

/** Without opening anything; zeros where there is no store. */
export function measureDiskUse(folder: string): StoreDiskUse {
  const backups = listFiles(join(folder, BACKUPS_FOLDER));
  const all = sum(listFiles(folder, { isDeep: true }));
  const databaseBytes = bytesOf(join(folder, DATABASE_FILE));
  const logBytes = bytesOf(join(folder, `${DATABASE_FILE}-wal`));
  const backupBytes = sum(backups);
  return {
    databaseBytes,
    logBytes,
    backupBytes,
    otherBytes: Math.max(0, all - databaseBytes - logBytes - backupBytes),
    backups: backups.filter(({ name }) => name.endsWith('.db')).length,
  };
}

/** Database and log alone: never less than what counts against the quota, in a few microseconds. */
export function measureStoreFiles(folder: string): number {
  return bytesOf(join(folder, DATABASE_FILE)) + bytesOf(join(folder, `${DATABASE_FILE}-wal`));
}

interface FoundFile {
  readonly name: string;
  readonly bytes: number;
}

function listFiles(folder: string, { isDeep = false } = {}): FoundFile[] {
  try {
    return readdirSync(folder, { recursive: isDeep, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => ({ name, bytes: bytesOf(join(parentPath, name)) }));
  } catch {
    // None yet, or one that is being removed.
    return [];
  }
}

function sum(files: readonly FoundFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
