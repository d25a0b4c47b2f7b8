import type { ControlResult } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT, type CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { addExample } from './example.ts';
import { addKeptStore, nameKeptStore, type SharedOption, toKeptStore } from './kept-store.ts';

interface RestoreOptions extends SharedOption {
  readonly backup: string;
  readonly yes?: boolean;
}

export function registerStoreRestore(data: Command, context: CliContext): void {
  const restore = addKeptStore(
    data.command('restore').description('put a copy in the place of the stored data'),
  )
    .requiredOption('--backup <id>', 'which one, as `backups` lists it, or `latest`')
    .option('--yes', 'without being asked')
    .action(async (appId: string, options: RestoreOptions) => {
      if (options.yes !== true) await confirmRestore(context, nameKeptStore(appId, options));
      const restored = await context.control('store.restore', {
        ...toKeptStore(appId, options),
        backup: options.backup,
      });
      context.print(restored, [
        `Backup ${plain(restored.restored)} is in place.`,
        describeKept(restored),
      ]);
    });
  addExample(
    restore,
    'locara app data restore acme/notes --backup latest',
    'locara app data restore acme/notes --backup latest --yes --json',
  );
}

function describeKept({ saved, keptDamaged }: ControlResult<'store.restore'>): string {
  if (saved !== undefined) return `What was there before is kept as backup ${plain(saved)}.`;
  return keptDamaged === true
    ? 'The damaged file is kept beside it.'
    : 'The file was gone, so there was nothing to keep.';
}

/** What was written since the backup is the app's no more: without a word of the user's nothing is replaced. */
async function confirmRestore(context: CliContext, name: string): Promise<void> {
  const question = `Put the backup in the place of all data of ${name}?`;
  if (await context.confirm(question)) return;
  throw new CliError(
    'ConsentRefused',
    'Nothing was replaced. Add --yes to do it unasked.',
    EXIT.refused,
  );
}
