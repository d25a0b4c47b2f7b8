import type { Command } from 'commander';
import { CliError, EXIT, type CliContext } from '../context.ts';
import { addExample } from './example.ts';
import { addKeptStore, nameKeptStore, type SharedOption, toKeptStore } from './kept-store.ts';

export function registerStoreAccept(data: Command, context: CliContext): void {
  const accept = addKeptStore(
    data.command('accept').description('keep an older file that was put in the place of the last'),
  )
    .option('--yes', 'without being asked')
    .action(async (appId: string, options: SharedOption & { readonly yes?: boolean }) => {
      if (options.yes !== true) await confirmAccept(context, nameKeptStore(appId, options));
      const accepted = await context.control('store.accept', toKeptStore(appId, options));
      context.print(accepted, 'The app uses the file that is there.');
    });
  addExample(accept, 'locara app data accept acme/notes');
}

async function confirmAccept(context: CliContext, name: string): Promise<void> {
  const question = `Let ${name} go on with an older file? What was written since is not in it.`;
  if (await context.confirm(question)) return;
  throw new CliError(
    'ConsentRefused',
    'Nothing was changed. Add --yes to do it unasked.',
    EXIT.refused,
  );
}
