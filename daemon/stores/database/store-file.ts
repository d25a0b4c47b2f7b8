import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createPrivateFile } from '../../files/durable-files.ts';
import { missing } from './store-errors.ts';

/** The database in a store's folder. */
export const DATABASE_FILE = 'store.db';

const LOW_DISK_BYTES = 1024 * 1024;
/** A file beside the database, once there is one: tells a store that is new from one that is lost. */
const CREATED_SUFFIX = '-created';

/** Whether there is a store, or was one: then its key is not made anew. */
export function isStoreKnown(path: string): boolean {
  return existsSync(path) || existsSync(`${path}${CREATED_SUFFIX}`);
}

/** Throws Unavailable where there was a store and is none. */
export function assertNotLost(path: string): void {
  if (countBytes(path) > 0) return;
  if (existsSync(`${path}${CREATED_SUFFIX}`) || countBytes(`${path}-wal`) > 0) throw missing();
}

/** Leaves the mark that a store is here. */
export function markCreated(path: string): void {
  const mark = `${path}${CREATED_SUFFIX}`;
  if (countBytes(path) > 0 && !existsSync(mark)) createPrivateFile(mark, new Uint8Array());
}

function countBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Whether the disk, not a quota, is what runs out. */
export function isDiskLow(path: string): boolean {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize < LOW_DISK_BYTES;
}

/**
 * Throws Unavailable, whenever it is asked, once another file or none is where this one was: what is written to a
 * file that was deleted would be acknowledged and gone.
 */
export function watchPlace(path: string): () => void {
  const { ino } = statSync(path);
  return () => {
    if (statSync(path, { throwIfNoEntry: false })?.ino !== ino) throw missing();
  };
}
