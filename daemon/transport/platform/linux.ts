import { closeSync, readFileSync } from 'node:fs';
import koffi from 'koffi';
import type { Peer, PeerPlatform } from './peer-platform.ts';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERPIDFD = 77;
const ENOPROTOOPT = 92;
const PR_SET_DUMPABLE = 4;
const UCRED_BYTES = 12;

/** Reads an option of a socket into `into`: the length the kernel wrote, or -errno. */
type ReadOption = (fd: number, option: number, into: Uint8Array) => number;

export function createLinuxPeers(): PeerPlatform {
  const libc = koffi.load(null);
  const prctl = libc.func('int prctl(int, ulong, ulong, ulong, ulong)') as (
    ...args: readonly number[]
  ) => number;
  const getsockopt = libc.func('int getsockopt(int, int, int, uint8_t *, uint32_t *)') as (
    ...args: readonly (number | Uint8Array)[]
  ) => number;
  const readOption: ReadOption = (fd, option, into) => {
    const length = Uint32Array.of(into.length);
    const bytes = new Uint8Array(length.buffer);
    return getsockopt(fd, SOL_SOCKET, option, into, bytes) === 0
      ? (length[0] ?? 0)
      : -koffi.errno();
  };
  return {
    readPeer: (fd) => readCredentials(fd, readOption),
    isPeerAlive: (fd, peer) => {
      const isSame = readStartTime(peer.pid) === peer.instance;
      return isSame && holdsLivePidfd(fd, peer.pid, readOption);
    },
    parentOf: (pid) => readStat(pid)?.parent,
    hardenProcess: () => {
      if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0) {
        throw new Error(`prctl refused with errno ${koffi.errno()}`);
      }
    },
  };
}

function readCredentials(fd: number, readOption: ReadOption): Peer {
  const ucred = new Uint8Array(UCRED_BYTES);
  if (readOption(fd, SO_PEERCRED, ucred) !== UCRED_BYTES) {
    throw new Error('the kernel does not say who connected');
  }
  const view = new DataView(ucred.buffer);
  const pid = view.getInt32(0, true);
  // A peer in a process name space that is not ours has the number 0.
  if (pid <= 0) throw new Error('the peer is not visible from here');
  const instance = readStartTime(pid);
  if (instance === undefined) throw new Error('the peer is gone');
  return { uid: view.getUint32(4, true), gid: view.getUint32(8, true), pid, instance };
}

/** The kernel's own handle of the connecting process (Linux 6.5); older kernels must make do with the start time. */
function holdsLivePidfd(fd: number, pid: number, readOption: ReadOption): boolean {
  const result = new Uint8Array(4);
  const length = readOption(fd, SO_PEERPIDFD, result);
  if (length === -ENOPROTOOPT) return true;
  if (length !== result.length) return false;
  const pidfd = new DataView(result.buffer).getInt32(0, true);
  try {
    // "Pid:" is -1 once the process is gone.
    const fields = readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8');
    return /^Pid:\s*(-?\d+)$/m.exec(fields)?.[1] === String(pid);
  } finally {
    closeSync(pidfd);
  }
}

interface ProcessStat {
  readonly state: string;
  readonly parent: number;
  readonly startTime: string;
}

function readStartTime(pid: number): string | undefined {
  const stat = readStat(pid);
  return stat === undefined || stat.state === 'Z' || stat.state === 'X'
    ? undefined
    : stat.startTime;
}

function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Reads a line of /proc/PID/stat, whose second field is a name the process chooses, brackets and spaces included. */
export function parseStat(line: string): ProcessStat | undefined {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  const startTime = fields[19];
  if (state === undefined || startTime === undefined || !/^\d+$/.test(parent ?? ''))
    return undefined;
  return { state, parent: Number(parent), startTime };
}
