import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface WrittenFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Every file below a folder that a daemon may be at work in: what goes away meanwhile is left out. */
export function readFilesUnder(folder: string): readonly WrittenFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .flatMap((path) => {
      const bytes = unlessGone(() => readFileSync(path));
      return bytes === undefined ? [] : [{ path, bytes }];
    });
}

/** The paths of all files and folders below a folder that others than their owner may do anything with. */
export function listOpenPaths(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => {
      const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
      return (mode & 0o077) !== 0;
    });
}

function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
