import { isAbsolute } from 'node:path';
import { RpcError } from '@locara/protocol';
import { openRegularFile, readBounded } from './read-bounded.ts';

/** What a path leads to, for the words of an error, and how long it may be. */
export interface NamedFile {
  /** As the beginning of a sentence: “The list”. */
  readonly name: string;
  readonly maxBytes: number;
}

/** Throws InvalidParams (`absolute_path`) for a path that the daemon would read from a folder of its own. */
export function assertAbsolutePath(path: string, what: string): void {
  if (isAbsolute(path) && !path.includes('\0')) return;
  throw refuse('absolute_path', `Give the absolute path of the ${what}.`);
}

/**
 * Reads a file that the user named; links are not followed. Undefined when there is none; throws
 * InvalidParams (`regular_file`) or PayloadTooLarge.
 */
export async function readNamedFile(
  path: string,
  { name, maxBytes }: NamedFile,
): Promise<Uint8Array | undefined> {
  const unreadable = `${name} is not a regular file that can be read.`;
  const opened = await openRegularFile(path);
  if (opened === 'absent') return undefined;
  if (opened === 'not a regular file') throw refuse('regular_file', unreadable);
  await using file = opened;
  const bytes = await readBounded(file, maxBytes).catch((error: unknown) => {
    throw refuse('regular_file', unreadable, error);
  });
  if (bytes === undefined) throw tooLarge({ name, maxBytes });
  return bytes;
}

export function tooLarge({ name, maxBytes }: NamedFile): RpcError {
  return new RpcError('PayloadTooLarge', `${name} may have at most ${maxBytes} bytes.`);
}

function refuse(rule: string, message: string, cause?: unknown): RpcError {
  return new RpcError('InvalidParams', message, { details: { rule }, cause });
}
