import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isFileError } from './durable-files.ts';
import { writeAtomically } from './write-atomically.ts';

/**
 * Replaces a file as `writeAtomically` does, then overwrites what the old one held: a key that is destroyed
 * later must not live on in blocks that an earlier version left behind. On flash disks it may all the same.
 */
export async function replaceSecretFile(path: string, content: string | Uint8Array): Promise<void> {
  const old = await openExisting(path);
  try {
    await writeAtomically(path, content);
    await old?.write(randomBytes((await old.stat()).size), 0, null, 0);
    await old?.sync();
  } finally {
    await old?.close();
  }
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
