import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

// No waiting on a pipe, no following of a link that somebody else placed there.
const SAFE_READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a file to read it, or says why it must not be: never follows a link, never waits. */
export async function openRegularFile(
  path: string,
): Promise<FileHandle | 'absent' | 'not a regular file'> {
  let file: FileHandle;
  try {
    file = await open(path, SAFE_READ);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'not a regular file';
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  return 'not a regular file';
}

/** The whole content, or undefined when it is longer than `maxBytes`, even if it grows meanwhile. */
export async function readBounded(
  file: FileHandle,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  if ((await file.stat()).size > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(64 * 1024));
    if (bytesRead === 0) return Buffer.concat(chunks);
    total += bytesRead;
    if (total > maxBytes) return undefined;
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/** More than this no file is read at once while everybody waits. */
const MAX_NOW_BYTES = 1024 * 1024;

/**
 * A small file, read at once: for the few bytes that an answer cannot be given without. Never follows a link, never
 * waits. Throws what the system says, and for what is not a regular file of at most 1 MiB. With `scratch` the answer
 * is a part of that where it fits.
 */
export function readRegularFileNow(path: string, scratch?: Buffer): Buffer {
  const fd = openSync(path, SAFE_READ);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > MAX_NOW_BYTES) throw new NotReadable();
    const room = scratch !== undefined && stats.size <= scratch.length ? scratch : undefined;
    const bytes = room?.subarray(0, stats.size) ?? Buffer.allocUnsafe(stats.size);
    let total = 0;
    while (total < bytes.length) {
      const count = readSync(fd, bytes, total, bytes.length - total, total);
      if (count === 0) break;
      total += count;
    }
    return bytes.subarray(0, total);
  } finally {
    closeSync(fd);
  }
}

/** What is there is no regular file, or too large. */
export class NotReadable extends Error {}
