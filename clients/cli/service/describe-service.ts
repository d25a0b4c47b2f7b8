import { join } from 'node:path';
import { CliError, EXIT } from '../context.ts';
import type { ServiceFolders, ServicePlatform } from './service-folders.ts';

/** The one description of the background service; both renderings are made from it. */
export interface ServiceDescription {
  readonly label: string;
  readonly description: string;
  /** The pinned Node, absolute. */
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** Where launchd appends stdout and stderr; systemd keeps them in its journal. */
  readonly logFile: string;
  /** Everything the daemon writes to; made with mode 0700 before the first start. */
  readonly folders: readonly string[];
  readonly throttleSeconds: number;
  /** How long draining may take before the service is killed. */
  readonly stopTimeoutSeconds: number;
  readonly openFiles: number;
  readonly umask: number;
}

/** Where this installation and the user's folders are. */
export interface ServiceLocation {
  readonly platform: ServicePlatform;
  readonly runtime: string;
  /** The daemon's compiled main.js, absolute. */
  readonly daemonMain: string;
  readonly folders: ServiceFolders;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export const SERVICE_LABEL = 'app.locara.locarad';
export const SYSTEMD_UNIT = 'locarad.service';

/**
 * A service manager starts the daemon without the user's shell, so variables that decide where
 * files are go along; otherwise the command line and the service would look in different places.
 */
const CARRIED: Record<ServicePlatform, readonly string[]> = {
  darwin: ['LOCARA_HOME', 'LOCARA_TEAM_ID'],
  linux: ['LOCARA_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME', 'XDG_CONFIG_HOME'],
};

export function describeService(location: ServiceLocation): ServiceDescription {
  const { platform, folders, variables } = location;
  // Under systemd everything but these folders is read-only, the shared /tmp included.
  const temporary = join(folders.cache, 'tmp');
  const carried = CARRIED[platform].flatMap((name): [string, string][] => {
    const value = variables[name];
    if (value === undefined || value === '') return [];
    assertTeam(name, value);
    return [[name, value]];
  });
  return {
    label: SERVICE_LABEL,
    description: 'Locara: local AI for the apps you allow',
    program: location.runtime,
    arguments: ['--enable-source-maps', location.daemonMain],
    environment: platform === 'linux' ? [...carried, ['TMPDIR', temporary]] : carried,
    logFile: join(folders.logs, 'locarad.stdio.log'),
    folders: [
      folders.data,
      folders.config,
      folders.cache,
      ...(platform === 'linux' ? [temporary] : []),
      folders.logs,
      folders.run,
    ],
    throttleSeconds: 10,
    stopTimeoutSeconds: 25,
    openFiles: 8192,
    umask: 0o077,
  };
}

/** The daemon refuses such a team at each start, and launchd would start it again for ever. */
function assertTeam(name: string, value: string): void {
  if (name !== 'LOCARA_TEAM_ID' || /^[A-Z0-9]{10}$/.test(value)) return;
  throw new CliError(
    'Usage',
    'LOCARA_TEAM_ID is not a team id of Apple: ten capital letters and digits.',
    EXIT.usage,
  );
}
