import { createRequire } from 'node:module';
import type koffiModule from 'koffi';

type Syscall = (...args: readonly number[]) => number | bigint;

/** A ptrace request that does not exist, so that nothing is attached to where it is not refused. */
const NO_REQUEST = 9999;

/** Linux system calls by number, as injected code would make them. */
const CALLS: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  x64: {
    socket: [41, 2, 1, 0],
    'vsock socket': [41, 40, 1, 0],
    'netlink socket': [41, 16, 3, 0],
    socketpair: [53, 1, 2, 0],
    ptrace: [101, NO_REQUEST],
    process_vm_readv: [310],
    bpf: [321],
    userfaultfd: [323],
  },
  arm64: {
    socket: [198, 2, 1, 0],
    'vsock socket': [198, 40, 1, 0],
    'netlink socket': [198, 16, 3, 0],
    socketpair: [199, 1, 2, 0],
    ptrace: [117, NO_REQUEST],
    process_vm_readv: [270],
    bpf: [280],
    userfaultfd: [282],
  },
};
const SHARED = {
  io_uring_setup: [425, 8],
  io_uring_enter: [426, 4],
  io_uring_register: [427, 4],
  pidfd_getfd: [438],
} as const;

const CODES: Readonly<Record<number, string>> = { 1: 'EPERM', 38: 'ENOSYS' };

/** Raw system calls that would lead out on Linux; none elsewhere. A refusal is EPERM, any other failure is not. */
export function nativeWays(pid: number): Record<string, () => void> {
  const calls = process.platform === 'linux' ? CALLS[process.arch] : undefined;
  if (calls === undefined) return {};
  const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule;
  const syscall = koffi
    .load(null)
    .func('long syscall(long, long, long, long, long, long, long)') as Syscall;
  const attempt = (args: readonly number[]) => (): void => {
    const [number = 0, a = 0, b = 0, c = 0] = args;
    const result = Number(syscall(number, a, b, c, 0, 0, 0));
    const errno = koffi.errno();
    if (result < 0 && errno in CODES) {
      throw Object.assign(new Error('refused'), { code: CODES[errno] });
    }
  };
  return Object.fromEntries(
    Object.entries({ ...calls, ...SHARED }).map(([name, args]) => [
      `syscall ${name}`,
      attempt(name === 'ptrace' ? [...args, pid] : args),
    ]),
  );
}
