import { resolve } from 'node:path';
import { type ConsentSummary, diffRights, isExpansion, type Rights } from '@locara/protocol';
import type { Command } from 'commander';
import { renderAsked } from '../consent-summary.ts';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { renderUpdate } from '../summary/render-update.ts';
import { addExample } from './example.ts';

const NO_RIGHTS: Rights = {
  capabilities: [],
  models: [],
  hosts: [],
  ports: [],
  userSelected: 'none',
  userPaths: {},
  devices: [],
  ipc: [],
  background: 'none',
  notifications: [],
  quotaMb: 0,
  backups: false,
};

export function registerDiff(app: Command, context: CliContext): void {
  const diff = app
    .command('diff')
    .description('what installing a package would change in what the app may do; changes nothing')
    .argument('<package>', 'the folder with locara.json and its signature, or a .locapp of it')
    .action(async (path: string) => {
      const { summary } = await context.control('app.inspect', { path: resolve(path) });
      if (summary.update === undefined) showAsNew(context, summary);
      else showUpdate(context, summary, summary.update);
    });
  addExample(diff, 'locara app diff ./notes', 'locara app diff ./notes --json');
}

function showUpdate(
  context: CliContext,
  summary: ConsentSummary,
  { fromVersion, ...rest }: NonNullable<ConsentSummary['update']>,
): void {
  const { appId, version: toVersion } = summary;
  context.print({ appId, fromVersion, toVersion, ...rest }, [
    plain(appId),
    ...renderUpdate(summary, context),
  ]);
}

/** All it asks for is new then; there is no digest, because nobody has to agree to this diff. */
function showAsNew(context: CliContext, summary: ConsentSummary): void {
  const { appId, version, rights } = summary;
  const diff = diffRights(NO_RIGHTS, rights);
  const document = {
    appId,
    fromVersion: null,
    toVersion: version,
    diff,
    diffDigest: null,
    isExpansion: isExpansion(diff),
  };
  context.print(document, [
    `${plain(appId)} is not installed yet. What version ${plain(version)} asks for:`,
    ...renderAsked(summary),
  ]);
}
