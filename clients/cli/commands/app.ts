import type { InstalledApp } from '@locara/protocol';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { formatTable, plain } from '../output.ts';
import { registerConsent } from './app-consent.ts';
import { registerInstall } from './app-install.ts';
import { registerRun } from './app-run.ts';
import { addExample } from './example.ts';

export function registerApp(program: Command, context: CliContext): void {
  const app = program.command('app').description('install apps and decide what they may do');
  registerInstall(app, context);
  registerList(app, context);
  registerShow(app, context);
  registerConsent(app, context);
  registerRevoke(app, context);
  registerUninstall(app, context);
  registerRun(app, context);
}

function registerList(app: Command, context: CliContext): void {
  const list = app
    .command('list')
    .description('the installed apps')
    .action(async () => {
      const { apps } = await context.control('app.list', {});
      const rows = apps.map((one) => [one.appId, one.version, one.attestation, stateOf(one)]);
      const table = formatTable([['APP', 'VERSION', 'ATTESTATION', 'STATE'], ...rows]);
      context.print({ apps }, apps.length === 0 ? 'No app is installed.' : table);
    });
  addExample(list, 'locara app list');
}

function registerShow(app: Command, context: CliContext): void {
  const show = app
    .command('show')
    .description('who signed an app, and what it may do')
    .argument('<id>', 'publisher/name')
    .action(async (appId: string) => {
      const { app: found } = await context.control('app.show', { appId });
      context.print({ app: found }, renderApp(found));
    });
  addExample(show, 'locara app show acme/notes');
}

function registerRevoke(app: Command, context: CliContext): void {
  const revoke = app
    .command('revoke')
    .description('take one capability from an app, or stop it as a whole; at once')
    .argument('<id>', 'publisher/name')
    .argument('[capability]', 'for example store:write')
    .action(async (appId: string, capability?: string) => {
      const result = await context.control('app.revoke', {
        appId,
        ...(capability === undefined ? {} : { capability }),
      });
      const what = capability === undefined ? 'May no longer connect' : `No longer: ${capability}`;
      context.print(result, `${plain(appId)}: ${plain(what)}.`);
    });
  addExample(revoke, 'locara app revoke acme/notes store:write', 'locara app revoke acme/notes');
}

function registerUninstall(app: Command, context: CliContext): void {
  const uninstall = app
    .command('uninstall')
    .description('remove an app; its data stays unless --wipe')
    .argument('<id>', 'publisher/name')
    .option('--wipe', 'destroy its data too: the keys first, for good')
    .action(async (appId: string, { wipe = false }: { wipe?: boolean }) => {
      const result = await context.control('app.uninstall', { appId, wipe });
      const rest = result.wiped ? 'and its data are gone' : 'is removed; its data stays';
      context.print(result, `${plain(result.appId)} ${rest}.`);
    });
  addExample(uninstall, 'locara app uninstall acme/notes --wipe');
}

function stateOf({ revoked, grants }: InstalledApp): string {
  if (revoked) return 'revoked';
  const pending = grants.filter(({ state }) => state === 'pending').length;
  return pending === 0 ? 'active' : `active, ${pending} to decide`;
}

function renderApp(app: InstalledApp): string[] {
  return [
    `${plain(app.displayName)} (${plain(app.appId)} ${plain(app.version)}), ${stateOf(app)}`,
    `  signed by ${plain(app.signer)} (${app.attestation}), installed ${app.installedAt}`,
    `  manifest ${plain(app.manifestDigest)}`,
    ...formatTable(app.grants.map(({ capability, state }) => [`  ${capability}`, state])),
  ];
}
