import type { InstalledApp } from '@locara/protocol';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { formatTable } from '../output.ts';
import { describeState } from '../pending-decisions.ts';
import { addExample } from './example.ts';

/** No registry vouches for either: that must be seen wherever apps are named. */
const ORIGINS: Readonly<Record<InstalledApp['scope'], string>> = {
  sideloading: 'sideloaded',
  development: 'development',
  revocation: '-',
};

export function registerList(app: Command, context: CliContext): void {
  const list = app
    .command('list')
    .description('the installed apps, and what state each is in')
    .action(async () => {
      const listed = await context.control('app.list', {});
      const { apps, damaged = [] } = listed;
      const rows = [
        ...apps.map((one) => [
          one.appId,
          one.version,
          ORIGINS[one.scope],
          one.attestation,
          describeState(one),
        ]),
        ...damaged.map((appId) => [appId, '-', '-', '-', `damaged: locara app show ${appId}`]),
      ];
      const table = formatTable([['APP', 'VERSION', 'ORIGIN', 'ATTESTATION', 'STATE'], ...rows]);
      context.print(listed, rows.length === 0 ? 'No app is installed.' : table);
    });
  addExample(list, 'locara app list', 'locara app list --json');
}
