import type { ServicePlatform } from './service-folders.ts';
import type { CommandOutcome } from './run-plan.ts';

/** What the platform's service manager says about the daemon. */
export interface ServiceStatus {
  readonly platform: ServicePlatform;
  readonly installed: boolean;
  /** The service manager's own word: `active`, `failed`, `running` … or `absent`. */
  readonly state: string;
  readonly pid?: number;
  readonly lastExitCode?: number;
}

/** Reads `systemctl --user show`, whose format is stable, or `launchctl print`, whose is not. */
export function parseServiceStatus(
  platform: ServicePlatform,
  outcome: CommandOutcome,
): ServiceStatus {
  return platform === 'darwin' ? parseLaunchctl(outcome) : parseSystemctl(outcome.stdout);
}

function parseSystemctl(text: string): ServiceStatus {
  const properties = new Map(
    text.split('\n').map((line): [string, string] => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')];
    }),
  );
  const installed = properties.get('LoadState') === 'loaded';
  const pid = toInteger(properties.get('MainPID'));
  const lastExitCode = toInteger(properties.get('ExecMainStatus'));
  return {
    platform: 'linux',
    installed,
    state: installed ? (properties.get('ActiveState') ?? 'unknown') : 'absent',
    ...(pid === undefined || pid === 0 ? {} : { pid }),
    ...(installed && lastExitCode !== undefined ? { lastExitCode } : {}),
  };
}

function parseLaunchctl({ exitCode, stdout }: CommandOutcome): ServiceStatus {
  if (exitCode !== 0) return { platform: 'darwin', installed: false, state: 'absent' };
  const valueOf = (name: string): string | undefined =>
    new RegExp(`^\\s*${name} = (.+)$`, 'm').exec(stdout)?.[1];
  const pid = toInteger(valueOf('pid'));
  // launchd names the codes of sysexits: `78: EX_CONFIG`.
  const lastExitCode = toInteger(valueOf('last exit code')?.split(':')[0]);
  return {
    platform: 'darwin',
    installed: true,
    state: valueOf('state') ?? 'unknown',
    ...(pid === undefined ? {} : { pid }),
    ...(lastExitCode === undefined ? {} : { lastExitCode }),
  };
}

function toInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
