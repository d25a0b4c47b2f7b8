import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

class FolderError extends Error {
  override readonly name = 'FolderError';
}

/**
 * Creates a folder 0700; an existing one must be a real folder, ours, and closed to others, in a folder
 * where nobody else can put another in its place. Throws FolderError, which says what to do.
 */
export function preparePrivateFolder(folder: string): void {
  makeFolder(folder);
  const stats = lstatSync(folder);
  if (!stats.isDirectory()) throw new FolderError(`Not a folder: ${folder}`);
  if (stats.uid !== process.getuid?.()) {
    throw new FolderError(`The folder belongs to another user: ${folder}`);
  }
  if ((stats.mode & 0o022) !== 0) {
    throw new FolderError(
      `Others may write to this folder, so anyone could replace what is in it. Run: chmod 700 ${folder}`,
    );
  }
  if ((stats.mode & 0o077) !== 0) chmodSync(folder, 0o700);
  assertNobodyReplaces(folder);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    // macOS asks the user before a program may use a group container, and says EPERM when the answer was no.
    throw new FolderError(`This folder cannot be made (${code}): ${folder}`, { cause: error });
  }
}

/** Whoever may write to the folder above could put another one in this one's place. */
function assertNobodyReplaces(folder: string): void {
  const above = dirname(folder);
  const { uid, gid, mode } = statSync(above);
  if (uid !== process.getuid?.() && uid !== 0) {
    throw new FolderError(`The folder belongs to another user: ${above}`);
  }
  const isSticky = (mode & 0o1000) !== 0;
  // With an umask of 002 a folder is open to its owner's private group, which has the owner's number;
  // a group with another number, as macOS's staff, is everyone's.
  const isPrivateGroup = gid === process.getgid?.() && gid === uid;
  const isOpenToGroup = (mode & 0o020) !== 0 && !isPrivateGroup;
  if (!isSticky && (isOpenToGroup || (mode & 0o002) !== 0)) {
    throw new FolderError(
      `Others may write to this folder, so anyone could replace what is in it. Run: chmod go-w ${above}`,
    );
  }
}
