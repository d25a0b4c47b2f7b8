import { execFile } from 'node:child_process';
import { realpath, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { RpcError } from '@locara/protocol';
import type { SystemPart } from './plan-sandbox.ts';

/** A sandbox program that was just seen to work. */
export interface Bubblewrap {
  readonly path: string;
  /** It can forbid name spaces inside its own: a wall less to climb over. */
  readonly canDisableUserNamespaces: boolean;
  /** It can bound what a folder in memory holds. */
  readonly canLimitFolders: boolean;
}

export interface FindOptions {
  /** Where the user says it is. */
  readonly path: string | undefined;
  readonly system: readonly SystemPart[];
}

const PLACES = [
  '/usr/bin/bwrap',
  '/usr/local/bin/bwrap',
  '/run/current-system/sw/bin/bwrap',
  '/run/wrappers/bin/bwrap',
];
/** The first with `--clearenv` and `--perms`. */
const OLDEST = { major: 0, minor: 5 };
const FIRST_WITH_LIMITS = { major: 0, minor: 7 };
const FIRST_WITHOUT_INNER_SPACES = { major: 0, minor: 8 };
const PROBE_MS = 5000;
const OPEN_TO_OTHERS = 0o022;
const SET_UID = 0o4000;

/**
 * Finds bubblewrap at a place only root or the user may change, and tries it: distributions may forbid name spaces.
 * Throws Unavailable with rule `no_bubblewrap` or `no_user_namespaces`, which say what to do; nothing takes its place.
 */
export async function findBubblewrap(options: FindOptions): Promise<Bubblewrap> {
  for (const place of options.path === undefined ? PLACES : [options.path]) {
    const found = await inspect(place);
    if (found === undefined) continue;
    await assertWorks(found, options.system);
    return found;
  }
  throw unavailable(
    'no_bubblewrap',
    'Apps run in a sandbox made by bubblewrap (0.5 or newer), which is not installed: `sudo apt install bubblewrap`, `sudo dnf install bubblewrap` or `sudo pacman -S bubblewrap`.',
  );
}

async function inspect(place: string): Promise<Bubblewrap | undefined> {
  const path = await realpath(place).catch(() => undefined);
  if (path === undefined) return undefined;
  const { uid, mode } = await stat(path);
  const isOurs = uid === 0 || uid === process.getuid?.();
  if (!isOurs || (mode & OPEN_TO_OTHERS) !== 0) return undefined;
  const version = parseVersion(await run(path, ['--version']).catch(() => ''));
  if (version === undefined || !isAtLeast(version, OLDEST)) return undefined;
  const isSetUid = (mode & SET_UID) !== 0;
  return {
    path,
    canDisableUserNamespaces: !isSetUid && isAtLeast(version, FIRST_WITHOUT_INNER_SPACES),
    canLimitFolders: isAtLeast(version, FIRST_WITH_LIMITS),
  };
}

/** Makes the same name spaces as a launch will, around a program that does nothing. */
async function assertWorks(found: Bubblewrap, system: readonly SystemPart[]): Promise<void> {
  const parts = system.flatMap(({ path, linkTarget }) =>
    linkTarget === undefined ? ['--ro-bind', path, path] : ['--symlink', linkTarget, path],
  );
  const spaces = ['--unshare-all', '--unshare-user', '--die-with-parent', '--cap-drop', 'ALL'];
  const inner = found.canDisableUserNamespaces ? ['--disable-userns'] : [];
  const mounts = [...parts, '--proc', '/proc', '--dev', '/dev'];
  try {
    await run(found.path, [...spaces, ...inner, ...mounts, '--', 'true']);
  } catch {
    throw unavailable(
      'no_user_namespaces',
      'bubblewrap is installed, but this system does not let it make a sandbox: user namespaces are forbidden. On Ubuntu, `sudo apt install apparmor-profiles` and load its profile for bwrap; elsewhere, `sudo sysctl kernel.unprivileged_userns_clone=1`. In a container, its own rules must allow them.',
    );
  }
}

interface Version {
  readonly major: number;
  readonly minor: number;
}

export function parseVersion(text: string): Version | undefined {
  const [, major, minor] = /^bubblewrap (\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
}

function isAtLeast(version: Version, least: Version): boolean {
  return version.major === least.major ? version.minor >= least.minor : version.major > least.major;
}

async function run(path: string, argv: readonly string[]): Promise<string> {
  const options = { env: { PATH: '/usr/bin:/bin' }, timeout: PROBE_MS, cwd: '/' };
  const { stdout } = await promisify(execFile)(path, [...argv], options);
  return stdout;
}

function unavailable(rule: string, message: string): RpcError {
  return new RpcError('Unavailable', message, { details: { rule } });
}
