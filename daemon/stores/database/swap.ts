import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isFileError, syncFolder } from '../../files/durable-files.ts';

/** The folder of a store's copies, beside its file. */
export const BACKUPS_FOLDER = 'backups';
/** What is being made ends so, and is removed at the next opening. */
export const SCRATCH_SUFFIX = '.scratch';
/** What is decided to take the place of the file without this suffix. */
export const NEXT_SUFFIX = '-next';

const SCRATCH = /\.scratch(-journal|-wal|-shm|-created)?$/;

/**
 * Decides that `scratch` (whole, verified, closed, on disk) is the store from now on, and with it every
 * backup that waits as `<id>.db-next`. The store is closed; `finishSwap` does it, now or at the next opening.
 */
export function commitSwap(path: string, scratch: string): void {
  renameSync(scratch, `${path}${NEXT_SUFFIX}`);
  syncFolder(dirname(path));
}

/** Ends a swap that was decided, forgets one that was not, and removes what was being made. */
export function finishSwap(path: string): void {
  const folder = dirname(path);
  const backups = join(folder, BACKUPS_FOLDER);
  const isDecided = isRegularFile(`${path}${NEXT_SUFFIX}`);
  if (!isDecided) forgetWaiting(path);
  else {
    const waiting = listWaiting(backups);
    for (const next of waiting) renameSync(next, next.slice(0, -NEXT_SUFFIX.length));
    if (waiting.length > 0) syncFolder(backups);
    // SQLite would replay the old file's log into the new file.
    rmSync(`${path}-wal`, { force: true });
    syncFolder(folder);
    renameSync(`${path}${NEXT_SUFFIX}`, path);
    syncFolder(folder);
  }
  for (const place of [folder, backups]) removeScratch(place);
}

/** Removes the backups that wait for a swap which will not be. */
export function forgetWaiting(path: string): void {
  const waiting = listWaiting(join(dirname(path), BACKUPS_FOLDER));
  for (const next of waiting) rmSync(next, { force: true, recursive: true });
}

function listWaiting(backups: string): string[] {
  return listNames(backups)
    .filter((name) => name.endsWith(NEXT_SUFFIX))
    .map((name) => join(backups, name));
}

function removeScratch(folder: string): void {
  for (const name of listNames(folder)) {
    if (SCRATCH.test(name)) rmSync(join(folder, name), { force: true, recursive: true });
  }
}

/** The names in a real folder; none where there is none, or a link to one. */
export function listNames(folder: string): string[] {
  try {
    return lstatSync(folder).isDirectory() ? readdirSync(folder) : [];
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Whether a file is there that is no link, folder, pipe or device. */
export function isRegularFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
