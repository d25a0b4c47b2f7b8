import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RpcError } from '@locara/protocol';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

const CLOSED = new Set(['EROFS', 'EACCES', 'EPERM']);

/** A file as it is to be. */
export interface FileContent {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/**
 * Replaces a file, readable by its owner alone, so that a crash leaves the old or the new one whole.
 * The folder exists. Throws InsufficientResources when the disk is full, Unavailable when it may not be written.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await replaceFiles([{ path, content }]);
}

/**
 * Replaces files that belong together: all are on the disk before the first is put in place, so that a
 * full disk changes none. A crash may leave the first ones replaced: what decides goes last.
 */
export async function replaceFiles(files: readonly FileContent[]): Promise<void> {
  const staged = files.map(({ path, content }) => ({
    path,
    content,
    temporary: `${path}.${randomBytes(6).toString('hex')}.tmp`,
  }));
  try {
    for (const { temporary, content } of staged) await writeDurably(temporary, content);
    for (const { temporary, path } of staged) await rename(temporary, path);
    for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncFolder(folder);
  } catch (error) {
    for (const { temporary } of staged) await rm(temporary, { force: true });
    if (isFullDisk(error)) {
      throw new RpcError('InsufficientResources', 'The disk has no room to keep this: free some.', {
        cause: error,
      });
    }
    throw isClosed(error) ? refuseClosed(error) : error;
  }
}

/** True for what changing files throws when they are on a read-only disk, or another user's. */
export function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CLOSED.has(String(error.code));
}

export function refuseClosed(cause: unknown): RpcError {
  const message =
    'This cannot be kept: the disk is read-only, or files in the folder of Locara belong to another user. Make them yours again (`chown -R`).';
  return new RpcError('Unavailable', message, { details: { rule: 'not_writable' }, cause });
}

/** True for what writing throws when there is no room, also when that has been said in words already. */
export function isFullDisk(error: unknown): boolean {
  if (error instanceof RpcError) return error.reason === 'InsufficientResources';
  return error instanceof Error && 'code' in error && FULL.has(String(error.code));
}

/** Writes a file that must not exist yet, on the disk when this resolves. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  await file.sync();
}

export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
