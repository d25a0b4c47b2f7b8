import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createPrivateFolder, syncFolder } from '../../files/durable-files.ts';
import { isRegularFile } from '../database/swap.ts';

const DAMAGED_FOLDER = 'damaged';

/**
 * Keeps the file of a store that is about to be replaced, and its log, in a folder of their own: by a second
 * name, so that the first is there until the swap. False where there is none.
 */
export function keepDamaged(path: string, now: Date): boolean {
  const present = [path, `${path}-wal`].filter(exists);
  if (present.length === 0) return false;
  const time = now
    .toISOString()
    .replace(/[-:.Z]/g, '')
    .toLowerCase();
  const folder = join(dirname(path), DAMAGED_FOLDER, `${time}-${randomBytes(4).toString('hex')}`);
  createPrivateFolder(folder);
  for (const file of present) {
    const kept = join(folder, file.slice(dirname(path).length + 1));
    // A link, folder or pipe in the file's place has no second name, and nothing can be lost of it.
    if (isRegularFile(file)) linkSync(file, kept);
    else renameSync(file, kept);
  }
  syncFolder(folder);
  syncFolder(dirname(path));
  return true;
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
