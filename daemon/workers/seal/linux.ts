import { readdirSync, readlinkSync } from 'node:fs';
import { restrictFiles } from './landlock.ts';
import { loadLinuxCalls, type LinuxCalls } from './linux-calls.ts';
import { buildSeccompFilter } from './seccomp-filter.ts';
import { IPC_FD, SEAL_STAGE, type SealHost, type SealSettings } from './settings.ts';
import type { SealArch } from './syscalls.ts';

const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const SIGKILL = 9;
const F_SETFD = 2;
const CLOSE_RANGE_CLOEXEC = 4;
const EPERM = 1;

/**
 * Seals the process in two steps around one exec of the same program.
 * Node's event loop holds an io_uring from its first moment, and an io_uring runs operations (socket,
 * connect) that no seccomp filter sees. So the first image forbids making one and starts Node anew;
 * the second image has none, and shuts the rest. The exec also closes every inherited descriptor and
 * makes Landlock bind all threads.
 */
export function sealLinux(host: SealHost, settings: SealSettings): void {
  const arch = toSealArch(host.arch);
  const calls = loadLinuxCalls(arch);
  if (settings.stage === 'final') shutLast(host, calls, arch);
  else startSealed(host, calls, { ...settings, arch });
}

function startSealed(
  host: SealHost,
  calls: LinuxCalls,
  settings: SealSettings & { readonly arch: SealArch },
): never {
  calls.closeRange(IPC_FD + 1, CLOSE_RANGE_CLOEXEC);
  // Node marks what it inherited as not to be passed on; the channel to the daemon must be.
  calls.fcntl(IPC_FD, F_SETFD, 0);
  calls.prctl(PR_SET_PDEATHSIG, SIGKILL);
  setNoNewPrivileges(calls);
  restrictFiles(calls, settings);
  calls.installFilter(
    buildSeccompFilter({ arch: settings.arch, pid: host.pid, stage: 'before-exec' }),
  );
  if (host.execve === undefined) throw new Error('this runtime cannot exec');
  return host.execve(host.execPath, [host.execPath, ...host.execArgv, ...host.argv.slice(1)], {
    ...definedOnly(host.env),
    [SEAL_STAGE]: 'final',
    NODE_CHANNEL_FD: String(IPC_FD),
    NODE_CHANNEL_SERIALIZATION_MODE: 'advanced',
  });
}

function shutLast(host: SealHost, calls: LinuxCalls, arch: SealArch): void {
  if (hasIoUring()) throw new Error('an io_uring is open');
  calls.prctl(PR_SET_DUMPABLE, 0);
  setNoNewPrivileges(calls);
  calls.installFilter(buildSeccompFilter({ arch, pid: host.pid, stage: 'final' }));
  if (calls.trySocket() !== EPERM) throw new Error('a socket could still be made');
}

function setNoNewPrivileges(calls: LinuxCalls): void {
  calls.prctl(PR_SET_NO_NEW_PRIVS, 1);
}

function hasIoUring(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => readFdTarget(fd).includes('io_uring'));
}

function readFdTarget(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    // The descriptor that listed the folder is gone by now.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function toSealArch(arch: string): SealArch {
  if (arch === 'x64' || arch === 'arm64') return arch;
  throw new Error(`no seal for the processor ${arch}`);
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
