import { openRegularFile, readBounded } from './read-bounded.ts';

const WRITABLE_BY_OTHERS = 0o022;

/** The content, or why it must not be relied on, as the end of “The file …”. */
export type OwnFile =
  { readonly bytes: Uint8Array } | { readonly absent: true } | { readonly problem: string };

/** Reads a file that decides something: only a regular one of this user's that nobody else may write. */
export async function readOwnFile(path: string, maxBytes: number): Promise<OwnFile> {
  const opened = await openRegularFile(path);
  if (opened === 'absent') return { absent: true };
  if (opened === 'not a regular file') return { problem: 'is not a regular file' };
  await using file = opened;
  const { mode, uid } = await file.stat();
  if ((mode & WRITABLE_BY_OTHERS) !== 0) return { problem: 'can be written by others' };
  if (process.getuid !== undefined && uid !== process.getuid()) {
    return { problem: 'belongs to another user' };
  }
  const bytes = await readBounded(file, maxBytes);
  return bytes === undefined ? { problem: 'is too long' } : { bytes };
}
