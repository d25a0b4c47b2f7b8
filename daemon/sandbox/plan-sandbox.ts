import { dirname } from 'node:path';

/** Where a launched app finds its own things, whatever the machine. */
export const SANDBOX_PLACES = {
  home: '/locara/home',
  credentials: '/run/locara/credentials.json',
  description: '/.locara-info',
} as const;

/** Descriptors of the sandbox program; 3 goes on to the app, the others end before it starts. */
export const SANDBOX_FDS = { channel: 3, status: 4, description: 5, filter: 6, start: 7 } as const;

/** One part of the system as it is on this machine: a folder, or a link that stays one. */
export interface SystemPart {
  readonly path: string;
  /** Where the link points, as it is written. */
  readonly linkTarget?: string | undefined;
}

/** A file or folder that is shown read-only. */
export interface SharedPath {
  /** Without links: what is shown cannot be swapped afterwards. */
  readonly source: string;
  readonly target: string;
}

export interface SandboxOptions {
  /** What every program may read. */
  readonly system: readonly SystemPart[];
  /** Folders inside the system that must stay unseen. */
  readonly hidden: readonly string[];
  readonly shared: readonly SharedPath[];
  /** The only folder of the machine the app may write to. */
  readonly writableFolder: string;
  readonly credentials: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  /** Without links, or a path of the system. */
  readonly program: string;
  readonly arguments: readonly string[];
  readonly canDisableUserNamespaces: boolean;
  /** An older bubblewrap leaves them at half of the memory, each. */
  readonly canLimitFolders: boolean;
}

/** In memory, and gone with the app: more than scripts unpack, less than a computer misses. */
const TEMPORARY_FOLDERS = ['/tmp', '/var/tmp', '/dev/shm'];
const MAX_TEMPORARY_BYTES = 512 * 1024 * 1024;
/** Empty, because programs look there; nobody may write to them. */
const EMPTY_FOLDERS = ['/run', '/home'];

/** The argument vector of bubblewrap. Order matters: what comes later lies on top. */
export function planSandbox(options: SandboxOptions): string[] {
  const { home, credentials, description } = SANDBOX_PLACES;
  return [
    ...isolation(options),
    ...options.system.flatMap(({ path, linkTarget }) =>
      linkTarget === undefined ? ['--ro-bind', path, path] : ['--symlink', linkTarget, path],
    ),
    ...EMPTY_FOLDERS.flatMap((path) => ['--perms', '0755', '--dir', path]),
    ...options.hidden.flatMap((path) => ['--tmpfs', path]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...TEMPORARY_FOLDERS.flatMap((path) => temporaryFolder(path, options)),
    ...options.shared.flatMap(({ source, target }) => ['--ro-bind', source, target]),
    ...['--bind', options.writableFolder, home],
    ...['--perms', '0755', '--dir', dirname(credentials)],
    ...['--ro-bind', options.credentials, credentials],
    ...['--perms', '0644', '--ro-bind-data', String(SANDBOX_FDS.description), description],
    // A daemon of root lends its apps that number, and the kernel's settings in /proc/sys ask for no more.
    ...['/', '/dev', '/proc', ...options.hidden].flatMap((path) => ['--remount-ro', path]),
    ...Object.entries(variables(options)).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', options.workingFolder],
    ...['--json-status-fd', String(SANDBOX_FDS.status)],
    ...['--seccomp', String(SANDBOX_FDS.filter)],
    ...['--block-fd', String(SANDBOX_FDS.start)],
    ...['--', options.program, ...options.arguments],
  ];
}

function temporaryFolder(path: string, { canLimitFolders }: SandboxOptions): string[] {
  const limit = canLimitFolders ? ['--size', String(MAX_TEMPORARY_BYTES)] : [];
  return [...limit, '--perms', '1777', '--tmpfs', path];
}

/** Name spaces of its own (network, processes, users and the rest), no rights, no terminal, no life of its own. */
function isolation({ canDisableUserNamespaces }: SandboxOptions): string[] {
  return [
    '--unshare-all',
    '--unshare-user',
    ...(canDisableUserNamespaces ? ['--disable-userns'] : []),
    '--die-with-parent',
    '--new-session',
    ...['--cap-drop', 'ALL'],
    '--clearenv',
  ];
}

/** None is a secret: others may read the environment of a process. */
function variables(options: SandboxOptions): Readonly<Record<string, string>> {
  return {
    LANG: 'C.UTF-8',
    ...options.environment,
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin',
    HOME: SANDBOX_PLACES.home,
    TMPDIR: '/tmp',
    LOCARA_CHANNEL_FD: String(SANDBOX_FDS.channel),
    LOCARA_CREDENTIALS: SANDBOX_PLACES.credentials,
  };
}
