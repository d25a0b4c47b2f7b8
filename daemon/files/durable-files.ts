import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { RpcError } from '@locara/protocol/errors';

const FULL_DISK_CODES = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Creates a folder that only the user may enter; its parents too. */
export function createPrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/**
 * Writes a file that must not exist yet: whole or not at all, 0600, on disk when this returns.
 * Answers false, changing nothing, when the file exists. Throws InsufficientResources when the disk is full.
 */
export function createPrivateFile(path: string, content: Uint8Array): boolean {
  createPrivateFolder(dirname(path));
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeAll(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(temporary, path);
    syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (isFileError(error, 'EEXIST')) return false;
    if (FULL_DISK_CODES.some((code) => isFileError(error, code))) {
      const details = { resource: 'disk' };
      throw new RpcError('InsufficientResources', 'The disk is full.', { details, cause: error });
    }
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Overwrites and removes a file, where it exists. On flash disks the old bytes may outlive this. */
export function destroyFile(path: string): void {
  let file: number;
  try {
    file = openSync(path, 'r+');
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return;
    throw error;
  }
  try {
    writeAll(file, randomBytes(statSync(path).size));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  unlinkSync(path);
  syncFolder(dirname(path));
}

export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

export function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function writeAll(file: number, content: Uint8Array): void {
  let written = 0;
  while (written < content.length) written += writeSync(file, content, written);
}
