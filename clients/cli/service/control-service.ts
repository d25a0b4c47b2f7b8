import { homedir } from 'node:os';
import { CliError, EXIT, type CliContext } from '../context.ts';
import { describeService } from './describe-service.ts';
import type { ServicePlatform } from './service-folders.ts';
import {
  assertBuilt,
  findInstallation,
  readServiceTemplate,
  type Installation,
} from './installation.ts';
import { toPlanDocument, toPlanLines } from './print-plan.ts';
import { renderLaunchAgent } from './render-launch-agent.ts';
import { renderSystemdUnit } from './render-systemd-unit.ts';
import { formatCommand, runCommand, runPlan } from './run-plan.ts';
import { resolveServiceFolders } from './service-folders.ts';
import { askForSession, assertSession, hasSession } from './service-session.ts';
import { planService, type ServicePlan, type ServiceVerb } from './service-plan.ts';
import { parseServiceStatus, type ServiceStatus } from './service-status.ts';

export interface ServiceOptions {
  readonly dryRun: boolean;
  /** Another platform's plan; only with `dryRun`. */
  readonly platform?: string | undefined;
}

/** What every service verb does: make the plan, then show it, ask the service manager, or run it. */
export async function controlService(
  verb: ServiceVerb,
  options: ServiceOptions,
  context: CliContext,
): Promise<void> {
  const platform = choosePlatform(options);
  const installation = findInstallation(import.meta.dirname);
  const plan = makePlan({ verb, platform, installation, variables: context.environment });
  if (options.dryRun) {
    context.print(toPlanDocument(plan), toPlanLines(plan));
    return;
  }
  assertSession(platform, await runCommand(askForSession(platform, currentUid())));
  if (verb === 'status') {
    const status = await readStatus(plan);
    context.print(status, describeStatus(status));
    return;
  }
  if (verb === 'install') assertBuilt(installation);
  await runPlan(plan);
  context.print({ ok: true, platform, verb }, `${DONE[verb]}.`);
}

const DONE: Record<Exclude<ServiceVerb, 'status'>, string> = {
  install: 'Installed and started; it will start at every login',
  uninstall: 'Stopped and uninstalled; your apps, models and logs are untouched',
  start: 'Started',
  stop: 'Stopped until the next login',
  restart: 'Restarted',
};

function choosePlatform({ platform, dryRun }: ServiceOptions): ServicePlatform {
  const chosen = platform ?? process.platform;
  if (chosen !== 'darwin' && chosen !== 'linux') {
    throw new CliError(
      'UnsupportedPlatform',
      'Services exist for darwin and linux only.',
      EXIT.usage,
    );
  }
  if (chosen !== process.platform && !dryRun) {
    throw new CliError('Usage', '--platform needs --dry-run.', EXIT.usage);
  }
  return chosen;
}

interface PlanInput {
  readonly verb: ServiceVerb;
  readonly platform: ServicePlatform;
  readonly installation: Installation;
  readonly variables: NodeJS.ProcessEnv;
}

function makePlan({ verb, platform, installation, variables }: PlanInput): ServicePlan {
  const folders = resolveServiceFolders({ platform, home: homedir(), variables });
  const service = describeService({
    platform,
    runtime: process.execPath,
    daemonMain: installation.daemonMain,
    folders,
    variables,
  });
  const template = readServiceTemplate(installation, platform);
  const render = platform === 'darwin' ? renderLaunchAgent : renderSystemdUnit;
  return planService({
    platform,
    verb,
    service,
    definitions: folders.definitions,
    definition: render(template, service),
    uid: currentUid(),
  });
}

function currentUid(): number {
  return process.getuid?.() ?? 0;
}

/** What the service manager says now; undefined where it does not answer, as in a container. */
export async function askServiceStatus(
  variables: NodeJS.ProcessEnv,
): Promise<ServiceStatus | undefined> {
  const platform = process.platform;
  if (platform !== 'darwin' && platform !== 'linux') return undefined;
  const session = await runCommand(askForSession(platform, currentUid()));
  if (!hasSession(platform, session)) return undefined;
  const installation = findInstallation(import.meta.dirname);
  return readStatus(makePlan({ verb: 'status', platform, installation, variables }));
}

async function readStatus(plan: ServicePlan): Promise<ServiceStatus> {
  const question = plan.steps.find((step) => step.kind === 'run');
  if (question === undefined) throw new Error('a status plan asks one question');
  return parseServiceStatus(plan.platform, await runCommand(question.argv));
}

function describeStatus(status: ServiceStatus): readonly string[] {
  if (!status.installed) return ['not installed: `locara service install` does it'];
  const pid = status.pid === undefined ? '' : `, process ${status.pid}`;
  const logs = ['journalctl', '--user', '--unit', 'locarad'];
  return [
    `${status.state}${pid}`,
    ...(status.platform === 'linux' ? [`output: ${formatCommand(logs)}`] : []),
  ];
}
