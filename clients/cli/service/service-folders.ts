import { isAbsolute, join } from 'node:path';
import { CliError, EXIT } from '../context.ts';

/** The user's folders that a service definition must name (contract, section 1). */
export type ServicePlatform = 'darwin' | 'linux';

/** The folders of the daemon that a service manager starts. */
export interface ServiceFolders {
  readonly run: string;
  readonly data: string;
  readonly cache: string;
  readonly logs: string;
  readonly config: string;
  /** Where the platform looks for service definitions of this user. */
  readonly definitions: string;
}

export interface FoldersEnvironment {
  readonly platform: ServicePlatform;
  /** The user's home folder. */
  readonly home: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export function resolveServiceFolders(environment: FoldersEnvironment): ServiceFolders {
  const { platform, home, variables } = environment;
  const xdg = (name: string, fallback: string): string => {
    const value = variables[name];
    return value !== undefined && isAbsolute(value) ? value : join(home, fallback);
  };
  const definitions =
    platform === 'darwin'
      ? join(home, 'Library', 'LaunchAgents')
      : join(xdg('XDG_CONFIG_HOME', '.config'), 'systemd', 'user');
  const portable = variables['LOCARA_HOME'];
  if (portable !== undefined && portable !== '') {
    // A service starts in no folder of the user's, so a relative one would mean another place.
    if (!isAbsolute(portable)) {
      throw new CliError('InvalidPath', 'LOCARA_HOME must be an absolute path.', EXIT.usage);
    }
    return { ...portableFolders(portable), definitions };
  }
  if (platform === 'darwin') return { ...macFolders(home), definitions };
  const state = join(xdg('XDG_STATE_HOME', '.local/state'), 'locara');
  const runtime = variables['XDG_RUNTIME_DIR'];
  return {
    run:
      runtime !== undefined && isAbsolute(runtime) ? join(runtime, 'locara') : join(state, 'run'),
    data: join(xdg('XDG_DATA_HOME', '.local/share'), 'locara'),
    cache: join(xdg('XDG_CACHE_HOME', '.cache'), 'locara'),
    logs: join(state, 'logs'),
    config: join(xdg('XDG_CONFIG_HOME', '.config'), 'locara'),
    definitions,
  };
}

type OwnFolders = Omit<ServiceFolders, 'definitions'>;

function portableFolders(portable: string): OwnFolders {
  return {
    run: join(portable, 'run'),
    data: join(portable, 'data'),
    cache: join(portable, 'cache'),
    logs: join(portable, 'logs'),
    config: join(portable, 'config'),
  };
}

function macFolders(home: string): OwnFolders {
  const support = join(home, 'Library', 'Application Support', 'Locara');
  return {
    run: join(support, 'run'),
    data: support,
    cache: join(home, 'Library', 'Caches', 'Locara'),
    logs: join(home, 'Library', 'Logs', 'Locara'),
    config: join(support, 'config'),
  };
}
