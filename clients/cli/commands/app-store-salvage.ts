import type { ControlResult } from '@locara/protocol';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { createFile } from '../create-file.ts';
import { plain } from '../output.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

export function registerStoreSalvage(data: Command, context: CliContext): void {
  const salvage = addAppId(
    data.command('salvage').description('write what can still be read to a file of yours'),
  )
    .argument('<file>', 'JSON Lines, for you alone; must not exist yet')
    .action(async (appId: string, path: string) => {
      const salvaged = await context.interruptible((signal) =>
        saveReadable({ appId, path, signal }, context),
      );
      const gaps =
        salvaged.gaps === 0
          ? 'Everything could be read.'
          : `At ${salvaged.gaps} places rows could not be read.`;
      context.print(salvaged, [`${salvaged.rows} rows are in ${plain(path)}.`, gaps]);
    });
  addExample(salvage, 'locara app data salvage acme/notes saved.jsonl');
}

async function saveReadable(
  { appId, path, signal }: { appId: string; path: string; signal: AbortSignal },
  context: CliContext,
): Promise<{ rows: number; gaps: number }> {
  await using file = await createFile(path);
  let [rows, gaps] = [0, 0];
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const page: ControlResult<'store.salvage'> = await context.control('store.salvage', {
      appId,
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
