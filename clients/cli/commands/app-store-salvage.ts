import { type FileHandle, open } from 'node:fs/promises';
import type { ControlResult } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, type CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { addExample } from './example.ts';
import { addKeptStore, type SharedOption, toKeptStore } from './kept-store.ts';

export function registerSalvage(data: Command, context: CliContext): void {
  const salvage = addKeptStore(
    data.command('salvage').description('write what can still be read to a file of yours'),
  )
    .argument('<file>', 'JSON Lines, for you alone; must not exist yet')
    .action(async (appId: string, path: string, options: SharedOption) => {
      const salvaged = await context.interruptible((signal) =>
        saveReadable({ of: toKeptStore(appId, options), path, signal }, context),
      );
      const gaps =
        salvaged.gaps === 0
          ? 'Everything could be read.'
          : `At ${salvaged.gaps} places rows could not be read.`;
      context.print(salvaged, [`${salvaged.rows} rows are in ${plain(path)}.`, gaps]);
    });
  addExample(salvage, 'locara app data salvage acme/notes saved.jsonl');
}

interface SaveOptions {
  readonly of: ReturnType<typeof toKeptStore>;
  readonly path: string;
  readonly signal: AbortSignal;
}

async function saveReadable(
  { of, path, signal }: SaveOptions,
  context: CliContext,
): Promise<{ rows: number; gaps: number }> {
  await using file = await createFile(path);
  let [rows, gaps] = [0, 0];
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const page: ControlResult<'store.salvage'> = await context.control('store.salvage', {
      ...of,
      ...(cursor === undefined ? {} : { cursor }),
    });
    rows += page.lines.length;
    gaps += page.gaps;
    await file.write(page.lines.map((line) => `${line}\n`).join(''));
    cursor = page.next;
  } while (cursor !== undefined);
  await file.sync();
  return { rows, gaps };
}

async function createFile(path: string): Promise<FileHandle> {
  return open(path, 'wx', 0o600).catch((error: unknown) => {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw exists
      ? new CliError('Conflict', 'That file exists already: name another one.')
      : new CliError('NotFound', 'The file cannot be made there.');
  });
}
