/** What the Seatbelt profile of one worker must let through. */
export interface ProfileOptions {
  /** The only program that may be executed: the runtime itself. */
  readonly execPath: string;
  /** The only folders whose files may be changed. Symbolic links must be resolved. */
  readonly writableFolders: readonly string[];
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

/** The profile text for `sandbox-exec -p`. Throws on a path that cannot be quoted. */
export function renderSandboxProfile({ execPath, writableFolders }: ProfileOptions): string {
  const writable = ['/dev/null', '/dev/dtracehelper'].map((path) => `(literal ${quote(path)})`);
  writable.push(...FRAMEWORK_FILES.map((pattern) => `(regex ${pattern})`));
  writable.push(...writableFolders.map((folder) => `(subpath ${quote(folder)})`));
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
  ].join('\n');
}

function quote(text: string): string {
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new Error('a path in the sandbox profile is empty or has control characters');
  }
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
