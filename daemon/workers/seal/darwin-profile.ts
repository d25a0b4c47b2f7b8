import type { SealedFiles } from './settings.ts';

/** What the Seatbelt profile of one worker must let through. Symbolic links must be resolved. */
export interface ProfileOptions extends SealedFiles {
  /** The only program that may be executed: the runtime itself. */
  readonly execPath: string;
}

/** System services that would fetch, resolve, open or pass something on for the worker. */
const CLOSED_SERVICES = [
  'com.apple.apsd',
  'com.apple.coreservices.launchservicesd',
  'com.apple.coreservices.quarantine-resolver',
  'com.apple.dnssd.service',
  // Under both of its names: launchd, not the worker, would be the parent of what it opens.
  'com.apple.launchservicesd',
  'com.apple.lsd.open',
  'com.apple.networkd',
  'com.apple.nsurlsessiond',
  'com.apple.nsurlstorage-cache',
  'com.apple.pasteboard.1',
  'com.apple.SystemConfiguration.DNSConfiguration',
  'com.apple.usernoted.client',
] as const;

/**
 * What Metal and the frameworks below it write: compiled shaders in the user's cache folder of the system, and
 * their own corners of the temporary one. Not all of that: homes, clones and other programs' files lie in it.
 */
const FRAMEWORK_FILES = [
  '#"^/private/var/folders/[^/]+/[^/]+/C/"',
  '#"^/private/var/folders/[^/]+/[^/]+/T/(TemporaryItems|com\\.apple\\.)"',
] as const;

/** What dyld, the runtime and its libraries read of the system; none of it is the user's. */
const SYSTEM_FOLDERS = [
  '/System',
  '/usr/lib',
  '/usr/share',
  '/Library/Apple',
  '/private/var/db/dyld',
  '/private/var/db/timezone',
] as const;
const SYSTEM_FILES = [
  '/',
  '/private/etc/localtime',
  '/private/etc/ssl/openssl.cnf',
  '/dev/null',
  '/dev/zero',
  '/dev/random',
  '/dev/urandom',
  '/dev/dtracehelper',
  '/dev/autofs_nowait',
] as const;
/** The volume of homes and stores under its other name, inside `/System`. */
const DATA_VOLUME = '/System/Volumes/Data';

/** The profile text for `sandbox-exec -p`. Throws on a path that cannot be quoted. */
export function renderSandboxProfile(options: ProfileOptions): string {
  const { execPath, writableFolders, readablePaths } = options;
  const writable = [
    ...['/dev/null', '/dev/dtracehelper'].map(literal),
    // Other programs have a corner there too.
    ...(readablePaths === undefined ? FRAMEWORK_FILES.map((pattern) => `(regex ${pattern})`) : []),
    ...writableFolders.map(subpath),
  ];
  return [
    '(version 1)',
    '(allow default)',
    '(deny network*)',
    '(deny process-exec*)',
    `(allow process-exec* (literal ${quote(execPath)}))`,
    '(deny process-fork)',
    '(deny signal)',
    '(allow signal (target self))',
    '(deny appleevent-send)',
    // Programs that launchd or Launch Services would start for the worker, outside its sandbox.
    '(deny job-creation)',
    '(deny lsopen)',
    // Camera and microphone.
    '(deny device*)',
    `(deny mach-lookup ${CLOSED_SERVICES.map((name) => `(global-name ${quote(name)})`).join(' ')})`,
    '(deny file-write*)',
    `(allow file-write* ${writable.join(' ')})`,
    ...(readablePaths === undefined ? [] : renderReads([...readablePaths, ...writableFolders])),
  ].join('\n');
}

/** Of two rules about a file the later one counts. What a file is called, and its size, stays visible. */
function renderReads(own: readonly string[]): string[] {
  const system = [...SYSTEM_FILES.map(literal), ...SYSTEM_FOLDERS.map(subpath)];
  return [
    '(deny file-read*)',
    '(allow file-read-metadata)',
    `(allow file-read* ${system.join(' ')})`,
    `(deny file-read-data ${subpath(DATA_VOLUME)})`,
    `(allow file-read* ${own.map(subpath).join(' ')})`,
  ];
}

const literal = (path: string): string => `(literal ${quote(path)})`;
const subpath = (path: string): string => `(subpath ${quote(path)})`;

function quote(text: string): string {
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new Error('a path in the sandbox profile is empty or has control characters');
  }
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
