import { fork, type ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findProgramFolders } from './program-folders.ts';
import { renderSandboxProfile } from './seal/darwin-profile.ts';
import { toSealEnvironment, type SealedFiles } from './seal/settings.ts';

export interface LaunchOptions {
  readonly entry: URL;
  /** The only folders whose files the worker may change; on macOS also those of the system's own frameworks. */
  readonly writableFolders: readonly string[];
  /** Whether the worker may read nothing but those, its own code and the system's; reading is free by default. */
  readonly confinesReads?: boolean | undefined;
  /** How large V8's heap may grow; past it the process dies. */
  readonly maxHeapMib?: number | undefined;
}

/** What `fork` is told; a pure value, so that each platform's can be looked at on any other. */
export interface LaunchPlan {
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a launch depends on outside its options. */
export interface LaunchSite {
  readonly platform: NodeJS.Platform;
  readonly execPath: string;
  readonly temporaryFolder: string;
  /** The one name the kernel knows a path by: links, and on macOS letter case, resolved. */
  readonly resolvePath: (path: string) => string;
}

const MAX_HEAP_MIB = 1024;
/** Short-lived objects wait here to be collected; V8's own 16 MiB leaves every worker 20 MB larger and no faster. */
const MAX_YOUNG_MIB = 4;

/** Starts a worker process that knows nothing of the daemon's environment and cannot write to its terminal. */
export function launchWorker(options: LaunchOptions): ChildProcess {
  const { execPath, execArgv, env } = planLaunch(options, {
    platform: process.platform,
    execPath: process.execPath,
    temporaryFolder: tmpdir(),
    resolvePath,
  });
  return fork(fileURLToPath(options.entry), [], {
    execPath,
    execArgv: [...execArgv],
    env: { ...env },
    cwd: '/',
    serialization: 'advanced',
    // Native libraries print what they work on: it goes nowhere.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

export function planLaunch(options: LaunchOptions, site: LaunchSite): LaunchPlan {
  const isSource = options.entry.pathname.endsWith('.ts');
  const flags = [
    ...(isSource ? ['--conditions=locara-source'] : []),
    '--disable-proto=delete',
    `--max-old-space-size=${options.maxHeapMib ?? MAX_HEAP_MIB}`,
    `--max-semi-space-size=${MAX_YOUNG_MIB}`,
  ];
  const temporaryFolder = site.resolvePath(site.temporaryFolder);
  const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TMPDIR: temporaryFolder };
  const readablePaths =
    options.confinesReads === true ? findProgramFolders(options.entry, site) : undefined;
  const confined = readablePaths === undefined ? {} : { readablePaths };
  if (site.platform !== 'darwin') {
    const seal = toSealEnvironment({ writableFolders: options.writableFolders, ...confined });
    // Libraries ask for a home while they load; without one they look for the user, whom a container may not list.
    return { execPath: site.execPath, execArgv: flags, env: { HOME: '/', ...env, ...seal } };
  }
  // The profile is about the kernel's names: a home below /tmp or $TMPDIR, which are links, matches nothing.
  const execPath = site.resolvePath(site.execPath);
  const writableFolders = options.writableFolders.map((folder) => site.resolvePath(folder));
  const files: SealedFiles = { writableFolders, ...confined };
  return {
    execPath: '/usr/bin/sandbox-exec',
    execArgv: ['-p', renderSandboxProfile({ execPath, ...files }), execPath, ...flags],
    env: { ...env, ...toSealEnvironment(files) },
  };
}

/** A path that is not there stays as it is: no rule about it opens anything. */
function resolvePath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}
