import { resolve } from 'node:path';
import type { ConsentSummary, ControlResult } from '@locara/protocol';
import type { Command } from 'commander';
import { renderConsent } from '../consent-summary.ts';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { describeWait } from '../summary/render-update.ts';
import { addExample } from './example.ts';

interface InstallOptions {
  readonly yes?: boolean;
  readonly acceptRisk?: boolean;
}

export function registerInstall(app: Command, context: CliContext): void {
  const install = app
    .command('install')
    .description('show who signed a package and what it may do, ask, and install or update it')
    .argument('<package>', 'the folder with locara.json and its signature, or a .locapp of it')
    .option('--yes', 'consent without being asked')
    .option('--accept-risk', 'accept the risks that the summary names')
    .action(async (path: string, options: InstallOptions) => {
      await installApp(context, resolve(path), options);
    });
  addExample(
    install,
    'locara app install ./notes',
    'locara app install ./notes --yes --accept-risk --json',
  );
}

async function installApp(
  context: CliContext,
  path: string,
  options: InstallOptions,
): Promise<void> {
  const { summary } = await context.control('app.inspect', { path });
  const acceptRisk = await consentTo(context, summary, options);
  const { consentDigest } = summary;
  const installed = await context.control('app.install', { path, consentDigest, acceptRisk });
  context.print(installed, describeInstalled(installed));
}

function describeInstalled(installed: ControlResult<'app.install'>): string[] {
  const { appId, version, credentials, grants, pending } = installed;
  const isUndecided = pending === undefined && grants.some(({ state }) => state === 'pending');
  return [
    `${plain(appId)} ${plain(version)} is installed.`,
    `Its credentials: ${plain(credentials)}`,
    ...(pending === undefined ? [] : [describeWait(appId, pending.remainingMs)]),
    ...(isUndecided
      ? [`What it may ask for later, you may decide now: locara app consent ${plain(appId)}`]
      : []),
  ];
}

/** Whether the risks are accepted too; anything short of consent throws and installs nothing. */
async function consentTo(
  context: CliContext,
  summary: ConsentSummary,
  { yes = false, acceptRisk = false }: InstallOptions,
): Promise<boolean> {
  for (const line of renderConsent(summary, context)) context.note(line);
  const hasRisks = summary.risks.length > 0;
  // Equal or smaller: there is nothing to decide.
  if (!hasRisks && summary.update?.isExpansion === false) return false;
  if (yes) {
    if (hasRisks && !acceptRisk) throw riskNotAccepted(summary.risks);
    return acceptRisk;
  }
  if (!context.canAsk) {
    throw new CliError(
      'ConsentRequired',
      `There is no terminal to ask on: add --yes${hasRisks ? ' --accept-risk' : ''} if you consent.`,
      EXIT.refused,
    );
  }
  const deed = summary.update === undefined ? 'install' : 'update';
  const question =
    hasRisks && !acceptRisk ? `Accept the risks and ${deed} it?` : `${capitalize(deed)} it?`;
  if (!(await context.confirm(question))) {
    throw new CliError('ConsentRefused', 'Nothing was installed.', EXIT.refused);
  }
  return hasRisks || acceptRisk;
}

function capitalize(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

function riskNotAccepted(risks: readonly string[]): CliError {
  const message = `--yes is not enough here, add --accept-risk: ${risks.join(' ')}`;
  return new CliError('RiskNotAccepted', message, EXIT.refused);
}
