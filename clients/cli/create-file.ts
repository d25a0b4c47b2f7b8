import { type FileHandle, open } from 'node:fs/promises';
import { CliError } from './context.ts';

/** A new file for the user alone (0600). Throws CliError when there is such a file or it cannot be made. */
export async function createFile(path: string): Promise<FileHandle> {
  return open(path, 'wx', 0o600).catch((error: unknown) => {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw exists
      ? new CliError('Conflict', 'That file exists already: name another one.')
      : new CliError('NotFound', 'The file cannot be made there.');
  });
}
