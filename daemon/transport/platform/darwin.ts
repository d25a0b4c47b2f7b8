import koffi from 'koffi';
import type { Peer, PeerPlatform } from './peer-platform.ts';

const SOL_LOCAL = 0;
const LOCAL_PEERCRED = 1;
const LOCAL_PEERPID = 2;
const LOCAL_PEERTOKEN = 6;
/** struct xucred { version, uid, ngroups, groups[16] }, padded. */
const XUCRED_BYTES = 76;
const XUCRED_VERSION = 0;
const TOKEN_BYTES = 32;
/** Words of an audit_token_t. */
const TOKEN_EUID = 1;
const TOKEN_PID = 5;

/** The long form is refused for other users' processes, and `login` and `sudo`, which are root's, stand in between. */
const PROC_PIDT_SHORTBSDINFO = 13;
/** struct proc_bsdshortinfo { pid, ppid, pgid, status, comm[16], flags, six ids, rfu } */
const SHORT_INFO_BYTES = 64;
/** Ends a process that a debugger already holds, with exit code 45 (ENOTSUP), before it could say so. */
const PT_DENY_ATTACH = 31;

type NativeCall = (...args: readonly unknown[]) => number;

/**
 * macOS tells the process that last used the peer's socket, not the one that connected, so a single reading
 * proves nothing: read before the challenge and after the proof, and demand the same `instance`.
 */
export function createDarwinPeers(): PeerPlatform {
  const system = koffi.load('/usr/lib/libSystem.B.dylib');
  const getsockopt = system.func(
    'int getsockopt(int, int, int, uint8_t *, uint32_t *)',
  ) as NativeCall;
  const procPidInfo = system.func(
    'int proc_pidinfo(int, int, uint64_t, uint8_t *, int)',
  ) as NativeCall;
  const ptrace = system.func('int ptrace(int, int, void *, int)') as NativeCall;

  const readOption = (fd: number, option: number, bytes: number): DataView => {
    const value = new Uint8Array(bytes);
    const length = Uint32Array.of(bytes);
    const lengthBytes = new Uint8Array(length.buffer);
    if (getsockopt(fd, SOL_LOCAL, option, value, lengthBytes) !== 0 || length[0] !== bytes) {
      throw new Error('the kernel does not say who connected');
    }
    return new DataView(value.buffer);
  };
  const readParent = (pid: number): number | undefined => {
    const bytes = new Uint8Array(SHORT_INFO_BYTES);
    const read = procPidInfo(pid, PROC_PIDT_SHORTBSDINFO, 0, bytes, SHORT_INFO_BYTES);
    return read === SHORT_INFO_BYTES ? toParent(new DataView(bytes.buffer), pid) : undefined;
  };
  const readPeer = (fd: number): Peer =>
    toPeer({
      credentials: readOption(fd, LOCAL_PEERCRED, XUCRED_BYTES),
      pid: readOption(fd, LOCAL_PEERPID, 4).getInt32(0, true),
      token: readOption(fd, LOCAL_PEERTOKEN, TOKEN_BYTES),
    });
  return {
    readPeer,
    isPeerAlive: (fd, peer) => readPeer(fd).instance === peer.instance,
    parentOf: readParent,
    hardenProcess: () => {
      if (ptrace(PT_DENY_ATTACH, 0, null, 0) !== 0) {
        throw new Error(`ptrace refused with errno ${koffi.errno()}`);
      }
    },
  };
}

/** The parent that a proc_bsdshortinfo names; none when it is about another process than the one asked for. */
export function toParent(info: DataView, pid: number): number | undefined {
  return info.getUint32(0, true) === pid ? info.getUint32(4, true) : undefined;
}

/** Joins what the kernel says in three places. Throws when they disagree: the socket changed hands meanwhile. */
export function toPeer(seen: {
  readonly credentials: DataView;
  readonly pid: number;
  readonly token: DataView;
}): Peer {
  const { credentials, pid, token } = seen;
  if (credentials.getUint32(0, true) !== XUCRED_VERSION) throw new Error('unknown credentials');
  const uid = credentials.getUint32(4, true);
  const hasOneOwner =
    pid > 0 &&
    token.getUint32(4 * TOKEN_PID, true) === pid &&
    token.getUint32(4 * TOKEN_EUID, true) === uid;
  if (!hasOneOwner) throw new Error('the socket changed hands');
  // ngroups is a short, the groups follow at the next word; the first is the effective one.
  const gid = credentials.getUint32(12, true);
  const bytes = Buffer.from(token.buffer, token.byteOffset, token.byteLength);
  return { uid, gid, pid, instance: bytes.toString('hex') };
}
