import {
  ALLOW,
  answer,
  ARCH_OFFSET,
  argumentOffset,
  encode,
  ENOSYS,
  EPERM,
  ERRNO,
  JUMP_ANY_BIT,
  JUMP_EQUAL,
  JUMP_GREATER,
  JUMP_GREATER_OR_EQUAL,
  KILL,
  load,
  NUMBER_OFFSET,
  TERMINAL_INJECTION,
  unless,
  when,
} from '../workers/seal/bpf.ts';
import {
  CLONE3,
  NEWEST_REVIEWED,
  type SealArch,
  SYSCALLS,
  X32_BIT,
} from '../workers/seal/syscalls.ts';

const CLONE_NEWUSER = 0x1000_0000;
const IO_URING = [425, 426, 427];

/** What programs do all day, of the calls that a worker may not make. Sockets reach nothing in a network of one's own. */
const ORDINARY = new Set([
  ...['socket', 'connect', 'accept', 'accept4', 'bind', 'listen', 'socketpair'],
  ...['fork', 'vfork', 'kill', 'tkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo'],
  ...['pidfd_open', 'pidfd_send_signal', 'process_madvise', 'process_mrelease'],
  ...['shmget', 'shmat', 'semget', 'msgget', 'mq_open'],
]);

/**
 * The seccomp program of a launched app: what looks into other processes, mounts, makes name spaces, or
 * reaches rarely used corners of the kernel is refused; calls newer than this table do not exist.
 */
export function buildSandboxFilter(arch: SealArch): Uint8Array {
  const table = SYSCALLS[arch];
  const denied = Object.entries(table.denied)
    .filter(([name]) => !ORDINARY.has(name))
    .map(([, number]) => number);
  return encode([
    load(ARCH_OFFSET),
    ...unless(JUMP_EQUAL, table.auditArch, answer(KILL)),
    load(NUMBER_OFFSET),
    ...(arch === 'x64' ? when(JUMP_GREATER_OR_EQUAL, X32_BIT, answer(KILL)) : []),
    ...when(JUMP_GREATER, NEWEST_REVIEWED, answer(ERRNO | ENOSYS)),
    ...[CLONE3, ...IO_URING].flatMap((number) => when(JUMP_EQUAL, number, answer(ERRNO | ENOSYS))),
    ...denied.flatMap((number) => when(JUMP_EQUAL, number, answer(ERRNO | EPERM))),
    ...when(
      JUMP_EQUAL,
      table.clone,
      load(argumentOffset(0)),
      ...when(JUMP_ANY_BIT, CLONE_NEWUSER, answer(ERRNO | EPERM)),
      answer(ALLOW),
    ),
    ...when(
      JUMP_EQUAL,
      table.ioctl,
      load(argumentOffset(1)),
      ...Object.values(TERMINAL_INJECTION).flatMap((request) =>
        when(JUMP_EQUAL, request, answer(ERRNO | EPERM)),
      ),
      answer(ALLOW),
    ),
    answer(ALLOW),
  ]);
}

/** The program for this processor. Throws where there is none. */
export function sandboxFilterFor(arch: string): Uint8Array {
  if (arch === 'x64' || arch === 'arm64') return buildSandboxFilter(arch);
  throw new Error(`no sandbox for the processor ${arch}`);
}
