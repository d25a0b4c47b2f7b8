import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

interface UninstallOptions {
  readonly wipe?: boolean;
  readonly yes?: boolean;
}

export function registerUninstall(app: Command, context: CliContext): void {
  const uninstall = addAppId(
    app.command('uninstall').description('remove an app; its data stays unless --wipe'),
  )
    .option(
      '--wipe',
      'destroy its data too: the keys first, those under a passphrase too, for good',
    )
    .option('--yes', 'wipe without being asked')
    .action(async (appId: string, { wipe = false, yes = false }: UninstallOptions) => {
      if (wipe && !yes) await confirmWipe(context, appId);
      const result = await context.control('app.uninstall', { appId, wipe });
      context.print(
        result,
        result.wiped
          ? `${plain(result.appId)} and its data are gone.`
          : [
              `${plain(result.appId)} is removed; its data stays here, encrypted, and so do the keys of what it sealed under a passphrase.`,
              `To take it with you: locara app data export ${plain(result.appId)} <file>`,
              `To destroy it: locara app uninstall ${plain(result.appId)} --wipe`,
            ],
      );
    });
  addExample(
    uninstall,
    'locara app uninstall acme/notes',
    'locara app uninstall acme/notes --wipe --yes',
  );
}

/** A script that writes `--wipe` has said what it wants; a person is asked once more. */
async function confirmWipe(context: CliContext, appId: string): Promise<void> {
  if (!context.canAsk) return;
  const question = `Destroy all data of ${appId} for good? Nothing brings it back.`;
  if (await context.confirm(question)) return;
  throw new CliError('ConsentRefused', 'Nothing was removed.', EXIT.refused);
}
