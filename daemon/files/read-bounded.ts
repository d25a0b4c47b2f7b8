import { constants } from 'node:fs';
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
