import type { ControlResult } from '@locara/protocol';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { createExportFile } from '../export-file.ts';
import { plain } from '../output.ts';
import { addExample } from './example.ts';
import { addKeptStore, type SharedOption, toKeptStore } from './kept-store.ts';

interface SalvageOptions extends SharedOption {
  readonly force?: boolean;
}

export function registerStoreSalvage(data: Command, context: CliContext): void {
  const salvage = addKeptStore(
    data.command('salvage').description('write what can still be read to a file of yours'),
  )
    .argument('<file>', 'where to write it, as JSON Lines; readable by you alone')
    .option('--force', 'replace the file')
    .action(async (appId: string, path: string, options: SalvageOptions) => {
      const replaces = options.force ?? false;
      const salvaged = await context.interruptible((signal) =>
        saveReadable({ of: toKeptStore(appId, options), path, replaces, signal }, context),
      );
      const { rows, gaps } = salvaged;
      context.print(salvaged, [
        `${plain(path)}: ${rows === 1 ? '1 row' : `${rows} rows`}, one JSON document a line`,
        gaps === 0
          ? 'Everything could be read.'
          : `At ${gaps === 1 ? '1 place' : `${gaps} places`} rows could not be read.`,
      ]);
    });
  addExample(salvage, 'locara app data salvage acme/notes saved.jsonl');
}

interface SaveOptions {
  readonly of: ReturnType<typeof toKeptStore>;
  readonly path: string;
  readonly replaces: boolean;
  readonly signal: AbortSignal;
}

async function saveReadable(
  { of, path, replaces, signal }: SaveOptions,
  context: CliContext,
): Promise<{ rows: number; gaps: number }> {
  await using file = await createExportFile({ path, replaces });
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
    await file.write(Buffer.from(page.lines.map((line) => `${line}\n`).join('')));
    cursor = page.next;
  } while (cursor !== undefined);
  await file.finish();
  return { rows, gaps };
}
