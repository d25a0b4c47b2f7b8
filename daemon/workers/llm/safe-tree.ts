import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** A GPU build has some thirty files. */
const MAX_ENTRIES = 2048;
const OPEN_TO_OTHERS = 0o022;

/**
 * Whether nobody but root and this user can change the folder or anything in it. False also for what cannot be looked
 * at, for more entries than programs come with, and for links to anything but their neighbours.
 */
export function isSafeTree(folder: string): boolean {
  try {
    return isWholeTreeSafe(folder);
  } catch {
    return false;
  }
}

/** Whether the owner is root or this user, and nobody else may write. */
export function isSafeEntry({ uid, mode }: Stats): boolean {
  return (uid === 0 || uid === process.getuid?.()) && (mode & OPEN_TO_OTHERS) === 0;
}

function isWholeTreeSafe(folder: string): boolean {
  if (!lstatSync(folder).isDirectory()) return false;
  const paths = [folder];
  for (let path = paths.pop(), seen = 1; path !== undefined; path = paths.pop(), seen++) {
    if (seen > MAX_ENTRIES) return false;
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) {
      // Its neighbour is looked at by itself.
      if (!isPlainName(readlinkSync(path))) return false;
      continue;
    }
    if (!isSafeEntry(stats)) return false;
    if (stats.isDirectory()) for (const name of readdirSync(path)) paths.push(join(path, name));
    else if (!stats.isFile()) return false;
  }
  return true;
}

function isPlainName(target: string): boolean {
  return !target.includes('/') && target !== '.' && target !== '..';
}
