import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RpcError } from '@locara/protocol';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Replaces a file, readable by its owner alone, so that a crash leaves the old or the new one whole.
 * The folder exists. Throws InsufficientResources when the disk is full.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeDurably(temporary, content);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof Error && 'code' in error && FULL.has(String(error.code))) {
      throw new RpcError('InsufficientResources', 'No room on the disk to keep this.', {
        cause: error,
      });
    }
    throw error;
  }
}

async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
