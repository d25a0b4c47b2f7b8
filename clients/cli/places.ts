import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isAppId } from '@locara/protocol';
import { CliError, EXIT } from './context.ts';

/** The places of the daemon that the command line needs; a test holds them equal to the daemon's own. */
export interface Places {
  readonly controlSocket: string;
  readonly data: string;
  readonly config: string;
  readonly logs: string;
  readonly developmentKey: string;
}

export interface PlacesEnvironment {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export function resolvePlaces(environment: PlacesEnvironment): Places {
  const { run, data, config, logs } = resolveFolders(environment);
  return {
    controlSocket: join(run, 'control.sock'),
    data,
    config,
    logs,
    developmentKey: join(config, 'development-key.pem'),
  };
}

export function currentPlaces(variables: Readonly<Record<string, string | undefined>>): Places {
  return resolvePlaces({ platform: process.platform, home: homedir(), variables });
}

/** The credentials file of an installed app; an id that is not `publisher/name` is a usage error. */
export function credentialsPath(places: Places, appId: string): string {
  if (!isAppId(appId)) {
    throw new CliError('Usage', 'An app id has the form publisher/name.', EXIT.usage);
  }
  return join(places.data, 'apps', appId, 'credentials.json');
}

function resolveFolders({ platform, home, variables }: PlacesEnvironment): {
  run: string;
  data: string;
  config: string;
  logs: string;
} {
  const chosen = variables['LOCARA_HOME'];
  if (chosen !== undefined && chosen !== '') {
    const portable = resolve(chosen);
    return {
      run: join(portable, 'run'),
      data: join(portable, 'data'),
      config: join(portable, 'config'),
      logs: join(portable, 'logs'),
    };
  }
  if (platform === 'darwin') {
    const data = join(home, 'Library', 'Application Support', 'Locara');
    const logs = join(home, 'Library', 'Logs', 'Locara');
    return { run: join(data, 'run'), data, config: join(data, 'config'), logs };
  }
  // The XDG specification: relative values are invalid and ignored.
  const xdg = (name: string): string | undefined =>
    variables[name]?.startsWith('/') === true ? variables[name] : undefined;
  const state = join(xdg('XDG_STATE_HOME') ?? join(home, '.local/state'), 'locara');
  const runtime = xdg('XDG_RUNTIME_DIR');
  return {
    run: runtime === undefined ? join(state, 'run') : join(runtime, 'locara'),
    data: join(xdg('XDG_DATA_HOME') ?? join(home, '.local/share'), 'locara'),
    config: join(xdg('XDG_CONFIG_HOME') ?? join(home, '.config'), 'locara'),
    logs: join(state, 'logs'),
  };
}
