import { createHash, randomBytes } from 'node:crypto';
import { lstat, link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CliError } from './context.ts';

/** A file that is there once it is finished, whole; disposed before that, nothing of it is left. */
export interface ExportFile extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>;
  readonly bytes: number;
  /** Of what was written so far, as hex. */
  sha256(): string;
  finish(): Promise<void>;
}

interface ExportTarget {
  readonly path: string;
  /** Whether `--force` was given; absent of a command that has no such option. */
  readonly replaces?: boolean;
}

/** For the user alone (0600). Throws CliError when there is such a file and it is not to be replaced. */
export async function createExportFile(asked: ExportTarget): Promise<ExportFile> {
  const { path, replaces = false } = asked;
  const target = resolve(path);
  if (!replaces && (await isTaken(target))) throw taken(asked);
  const name = `.${basename(target)}.${randomBytes(6).toString('hex')}.part`;
  const partial = join(dirname(target), name);
  const file = await open(partial, 'wx', 0o600).catch((error: unknown) => {
    throw new CliError('NotFound', `The file cannot be made there${codeOf(error)}.`);
  });
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    write: async (piece) => {
      await file.writeFile(piece).catch((error: unknown) => {
        throw new CliError('InsufficientResources', `It cannot be written${codeOf(error)}.`);
      });
      hash.update(piece);
      bytes += piece.length;
    },
    get bytes() {
      return bytes;
    },
    sha256: () => hash.copy().digest('hex'),
    finish: async () => {
      await file.sync();
      if (replaces) await rename(partial, target);
      else {
        // Unlike a rename, this never replaces what was made there meanwhile.
        await link(partial, target).catch(async (error: unknown) => {
          if (codeOf(error) === ' (EEXIST)' || (await isTaken(target))) throw taken(asked);
          // As on a memory stick, whose file system knows no second name.
          await rename(partial, target);
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      await file.close();
      await rm(partial, { force: true });
    },
  };
}

async function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function taken({ path, replaces }: ExportTarget): CliError {
  const remedy = replaces === undefined ? 'name another' : 'name another, or add --force';
  return new CliError('Conflict', `There is a file ${path} already: ${remedy}.`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
}
