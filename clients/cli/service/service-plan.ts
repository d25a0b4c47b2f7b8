import { dirname, join } from 'node:path';
import { SERVICE_LABEL, SYSTEMD_UNIT, type ServiceDescription } from './describe-service.ts';
import type { ServicePlatform } from './service-folders.ts';

export type ServiceVerb = 'install' | 'uninstall' | 'start' | 'stop' | 'restart' | 'status';

/** One step of a plan. Commands are argument vectors: no shell ever reads them. */
export type ServiceStep =
  | { readonly kind: 'makeFolder'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'writeFile';
      readonly path: string;
      readonly mode: number;
      readonly content: string;
    }
  | { readonly kind: 'removeFile'; readonly path: string }
  | RunStep;

/** A program to run, as an argument vector: no shell reads it. */
export interface RunStep {
  readonly kind: 'run';
  readonly argv: readonly [string, ...string[]];
  /** Best effort: it only makes sure that nothing is in the way. */
  readonly mayFail: boolean;
  /** Tries before it counts as failed: launchd refuses a job while the old one is still ending. */
  readonly attempts: number;
}

/** Everything a service verb will do, in order: made first, so that `--dry-run` can show it. */
export interface ServicePlan {
  readonly platform: ServicePlatform;
  readonly verb: ServiceVerb;
  readonly steps: readonly ServiceStep[];
}

export interface PlanRequest {
  readonly platform: ServicePlatform;
  readonly verb: ServiceVerb;
  readonly service: ServiceDescription;
  /** The folder of service definitions. */
  readonly definitions: string;
  /** The rendered definition. */
  readonly definition: string;
  /** The user's numeric id; launchd names its session by it. */
  readonly uid: number;
}

/** How long to wait before a step is tried again. */
export const RETRY_DELAY_MS = 500;

const PRIVATE_FOLDER = 0o700;
// Not secret, and launchd refuses a definition that others could write.
const DEFINITION_MODE = 0o644;
/** Beyond the time that the old job may take to drain; tried again every half second. */
const SPARE_ATTEMPTS = 6;
const ATTEMPTS_PER_SECOND = 1000 / RETRY_DELAY_MS;

export function planService(request: PlanRequest): ServicePlan {
  const steps = request.platform === 'darwin' ? planLaunchd(request) : planSystemd(request);
  return { platform: request.platform, verb: request.verb, steps };
}

/** The file that a platform's service manager reads. */
function definitionPath(platform: ServicePlatform, definitions: string): string {
  return join(definitions, platform === 'darwin' ? `${SERVICE_LABEL}.plist` : SYSTEMD_UNIT);
}

function planLaunchd(request: PlanRequest): readonly ServiceStep[] {
  const path = definitionPath('darwin', request.definitions);
  const domain = `gui/${String(request.uid)}`;
  const target = `${domain}/${SERVICE_LABEL}`;
  const bootout = tryRun('launchctl', 'bootout', target);
  const bootstrap: RunStep = {
    ...run('launchctl', 'bootstrap', domain, path),
    attempts: request.service.stopTimeoutSeconds * ATTEMPTS_PER_SECOND + SPARE_ATTEMPTS,
  };
  const plans: Record<ServiceVerb, readonly ServiceStep[]> = {
    install: [
      bootout,
      ...placeDefinition(request, path),
      run('launchctl', 'enable', target),
      bootstrap,
    ],
    uninstall: [bootout, { kind: 'removeFile', path }],
    start: [tryRun('launchctl', 'bootstrap', domain, path), run('launchctl', 'kickstart', target)],
    stop: [bootout],
    restart: [bootout, bootstrap],
    status: [run('launchctl', 'print', target)],
  };
  return plans[request.verb];
}

function planSystemd(request: PlanRequest): readonly ServiceStep[] {
  const path = definitionPath('linux', request.definitions);
  const reload = run('systemctl', '--user', 'daemon-reload');
  const plans: Record<ServiceVerb, readonly ServiceStep[]> = {
    install: [
      ...placeDefinition(request, path),
      reload,
      run('systemctl', '--user', 'enable', SYSTEMD_UNIT),
      tryRun('systemctl', '--user', 'reset-failed', SYSTEMD_UNIT),
      // Not `enable --now`, which leaves a running daemon on its old definition.
      run('systemctl', '--user', 'restart', SYSTEMD_UNIT),
    ],
    uninstall: [
      tryRun('systemctl', '--user', 'disable', '--now', SYSTEMD_UNIT),
      { kind: 'removeFile', path },
      reload,
      tryRun('systemctl', '--user', 'reset-failed', SYSTEMD_UNIT),
    ],
    start: [run('systemctl', '--user', 'start', SYSTEMD_UNIT)],
    stop: [run('systemctl', '--user', 'stop', SYSTEMD_UNIT)],
    restart: [run('systemctl', '--user', 'restart', SYSTEMD_UNIT)],
    status: [
      run(
        'systemctl',
        '--user',
        'show',
        '--property=LoadState,ActiveState,MainPID,ExecMainStatus',
        SYSTEMD_UNIT,
      ),
    ],
  };
  return plans[request.verb];
}

function placeDefinition(request: PlanRequest, path: string): readonly ServiceStep[] {
  const folders = request.service.folders.map((folder): ServiceStep => ({
    kind: 'makeFolder',
    path: folder,
    mode: PRIVATE_FOLDER,
  }));
  return [
    ...folders,
    { kind: 'makeFolder', path: dirname(path), mode: PRIVATE_FOLDER },
    { kind: 'writeFile', path, mode: DEFINITION_MODE, content: request.definition },
  ];
}

function run(...argv: [string, ...string[]]): RunStep {
  return { kind: 'run', argv, mayFail: false, attempts: 1 };
}

function tryRun(...argv: [string, ...string[]]): RunStep {
  return { kind: 'run', argv, mayFail: true, attempts: 1 };
}
