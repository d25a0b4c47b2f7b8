import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Every place of the user's that the daemon touches (contract, section 1). Only this file names one. */
export interface Paths {
  /** The user's own home folder: nothing of the daemon's, but not to be shown to apps. */
  readonly userHome: string;
  readonly appSocket: string;
  readonly controlSocket: string;
  readonly run: string;
  /** Beside the data, which two daemons must never share, whatever their run folders. */
  readonly lockFile: string;
  readonly data: string;
  readonly modelCache: string;
  readonly logs: string;
  readonly config: string;
  readonly keys: string;
  readonly trustList: string;
  /** Roots of signatures that the user added. */
  readonly trustedRoots: string;
  /** The revocation list in force, and who signed it. */
  readonly revocations: string;
  readonly developmentKey: string;
  /** Of one app: manifest, record, credentials. */
  app(appId: string): string;
  readonly apps: string;
  /** Of one app: its encrypted database. */
  store(appId: string): string;
  /** Of one app: its wrapped data key. */
  storeKey(appId: string): string;
  readonly blobs: string;
  /** Of one app: the wrapped keys of its vault. */
  vault(appId: string): string;
  /** Of one app: what it told under differential privacy, and the key of its pseudonyms. */
  privacy(appId: string): string;
  /** Of one app: what the names in the record of its privacy budgets are sealed with. */
  privacyKey(appId: string): string;
  /** How many tokens each app used of late. */
  readonly tokenUse: string;
  /** The audit log. */
  readonly audit: string;
  /** The signed end of the audit log, elsewhere than the log. */
  readonly auditCheckpoint: string;
  /** Of one app: what it wrote while the daemon ran it in a sandbox; its home there. */
  launchedHome(appId: string): string;
}

interface Roots {
  readonly run: string;
  readonly appSocket: string;
  readonly data: string;
  readonly modelCache: string;
  readonly logs: string;
  readonly config: string;
}

export interface PathsEnvironment {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The Apple team that signs the apps; names the group container. */
  readonly teamId: string | undefined;
}

export function resolvePaths(environment: PathsEnvironment): Paths {
  const roots = resolveRoots(environment);
  const keys = join(roots.data, 'keys');
  const apps = join(roots.data, 'apps');
  return {
    ...roots,
    userHome: environment.home,
    controlSocket: join(roots.run, 'control.sock'),
    lockFile: join(roots.data, 'locarad.lock'),
    keys,
    trustList: join(roots.data, 'trust.json'),
    trustedRoots: join(roots.data, 'trusted-roots'),
    revocations: join(roots.data, 'revocations.json'),
    developmentKey: join(roots.config, 'development-key.pem'),
    apps,
    app: (appId) => join(apps, appId),
    store: (appId) => join(roots.data, 'stores', appId),
    storeKey: (appId) => join(keys, 'stores', `${appId}.json`),
    blobs: join(roots.run, 'blobs'),
    vault: (appId) => join(roots.data, 'vaults', appId),
    privacy: (appId) => join(roots.data, 'privacy', appId),
    privacyKey: (appId) => join(keys, 'privacy', `${appId}.key`),
    tokenUse: join(roots.data, 'token-use.json'),
    audit: join(roots.data, 'audit'),
    auditCheckpoint: join(keys, 'audit-checkpoint.json'),
    launchedHome: (appId) => join(roots.data, 'homes', appId),
  };
}

export function currentPathsEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): PathsEnvironment {
  return {
    platform: process.platform,
    home: homedir(),
    variables,
    teamId: variables['LOCARA_TEAM_ID'],
  };
}

function resolveRoots({ platform, home, variables, teamId }: PathsEnvironment): Roots {
  const chosen = variables['LOCARA_HOME'];
  if (chosen !== undefined && chosen !== '') {
    // Credentials name the socket, and are read from anywhere: a relative home is made absolute.
    const portable = resolve(chosen);
    const run = join(portable, 'run');
    return {
      run,
      appSocket: join(run, 'app.sock'),
      data: join(portable, 'data'),
      modelCache: join(portable, 'cache', 'models'),
      logs: join(portable, 'logs'),
      config: join(portable, 'config'),
    };
  }
  if (platform === 'darwin') {
    const support = join(home, 'Library', 'Application Support', 'Locara');
    return {
      run: join(support, 'run'),
      appSocket: join(home, 'Library', 'Group Containers', nameGroup(teamId), 'app.sock'),
      data: support,
      modelCache: join(home, 'Library', 'Caches', 'Locara', 'models'),
      logs: join(home, 'Library', 'Logs', 'Locara'),
      config: join(support, 'config'),
    };
  }
  const xdg = (name: string, fallback: string): string => {
    const value = variables[name];
    // The XDG specification: relative values are invalid and ignored.
    return value?.startsWith('/') === true ? value : join(home, fallback);
  };
  const state = join(xdg('XDG_STATE_HOME', '.local/state'), 'locara');
  const runtime = variables['XDG_RUNTIME_DIR'];
  const run = runtime?.startsWith('/') === true ? join(runtime, 'locara') : join(state, 'run');
  return {
    run,
    appSocket: join(run, 'app.sock'),
    data: join(xdg('XDG_DATA_HOME', '.local/share'), 'locara'),
    modelCache: join(xdg('XDG_CACHE_HOME', '.cache'), 'locara', 'models'),
    logs: join(state, 'logs'),
    config: join(xdg('XDG_CONFIG_HOME', '.config'), 'locara'),
  };
}

const TEAM_ID = /^[A-Z0-9]{10}$/;

/** The container that the team's sandboxed apps share. Throws on a team id that would name another folder. */
function nameGroup(teamId: string | undefined): string {
  if (teamId === undefined || teamId === '') return 'group.app.locara';
  if (TEAM_ID.test(teamId)) return `${teamId}.locara`;
  throw new Error('LOCARA_TEAM_ID is not a team id of Apple: ten capital letters and digits.');
}
