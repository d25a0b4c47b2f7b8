import type { Command } from 'commander';
import { CliError, EXIT, type CliContext } from '../context.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

export function registerStoreAccept(data: Command, context: CliContext): void {
  const accept = addAppId(
    data.command('accept').description('keep an older file that was put in the place of the last'),
  )
    .option('--yes', 'without being asked')
    .action(async (appId: string, { yes = false }: { readonly yes?: boolean }) => {
      if (!yes) await confirmAccept(context, appId);
      const accepted = await context.control('store.accept', { appId });
      context.print(accepted, 'The app uses the file that is there.');
    });
  addExample(accept, 'locara app data accept acme/notes');
}

async function confirmAccept(context: CliContext, appId: string): Promise<void> {
  const question = `Let ${appId} go on with an older file? What was written since is not in it.`;
  if (await context.confirm(question)) return;
  throw new CliError(
    'ConsentRefused',
    'Nothing was changed. Add --yes to do it unasked.',
    EXIT.refused,
  );
}
