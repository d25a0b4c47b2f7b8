import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SealedFiles } from './settings.ts';

const REFUSED = new Set(['EACCES', 'EPERM']);

/**
 * Whether this process is kept from reading what is not its own: it tries to list the folder around each of its
 * own, where others of its kind keep theirs. What cannot be told counts as open.
 */
export function probeFiles({ writableFolders, readablePaths }: SealedFiles): boolean {
  if (readablePaths === undefined || writableFolders.length === 0) return false;
  return writableFolders.every((folder) => isRefused(dirname(folder)));
}

function isRefused(folder: string): boolean {
  try {
    readdirSync(folder);
    return false;
  } catch (error) {
    return REFUSED.has((error as NodeJS.ErrnoException).code ?? '');
  }
}
