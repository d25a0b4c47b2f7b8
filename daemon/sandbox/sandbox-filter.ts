import {
  ALLOW,
  answer,
  ARCH_OFFSET,
  argumentOffset,
  encode,
  ENOSYS,
  EPERM,
  ERRNO,
  type Instruction,
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
  type SyscallTable,
  X32_BIT,
} from '../workers/seal/syscalls.ts';

const CLONE_NEWUSER = 0x1000_0000;
const IO_URING = [425, 426, 427];

/** What programs do all day, of the calls that a worker may not make. */
const ORDINARY = new Set([
  ...['connect', 'accept', 'accept4', 'bind', 'listen'],
  ...['fork', 'vfork', 'kill', 'tkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo'],
  ...['pidfd_open', 'pidfd_send_signal', 'process_madvise', 'process_mrelease'],
  ...['shmget', 'shmat', 'semget', 'msgget', 'mq_open'],
]);

const EAFNOSUPPORT = 97;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
/** Of SOCK_DGRAM and SOCK_RAW, not of the two kinds that stay connected. */
const UNCONNECTED_BIT = 0b10;

/**
 * The seccomp program of a launched app: what looks into other processes, mounts, makes name spaces, or
 * reaches rarely used corners of the kernel is refused; calls newer than this table do not exist. Sockets are
 * those that end at the sandbox's own network: no file, no hypervisor and no radio answers.
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
    ...when(JUMP_EQUAL, numberOf(table, 'socket'), ...judgeSocket()),
    ...when(JUMP_EQUAL, numberOf(table, 'socketpair'), ...judgeSocketPair()),
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

/** A Unix socket can be connected to through a read-only folder; vsock and Bluetooth know no network name space. */
function judgeSocket(): readonly Instruction[] {
  return [
    load(argumentOffset(0)),
    ...when(JUMP_EQUAL, AF_INET, answer(ALLOW)),
    ...when(JUMP_EQUAL, AF_INET6, answer(ALLOW)),
    ...unless(JUMP_EQUAL, AF_NETLINK, answer(ERRNO | EAFNOSUPPORT)),
    load(argumentOffset(2)),
    ...unless(JUMP_EQUAL, NETLINK_ROUTE, answer(ERRNO | EAFNOSUPPORT)),
    answer(ALLOW),
  ];
}

/** Pipes between a program and its children; one that sends datagrams could be turned to any socket file. */
function judgeSocketPair(): readonly Instruction[] {
  return [
    load(argumentOffset(0)),
    ...unless(JUMP_EQUAL, AF_UNIX, answer(ERRNO | EAFNOSUPPORT)),
    load(argumentOffset(1)),
    ...when(JUMP_ANY_BIT, UNCONNECTED_BIT, answer(ERRNO | EAFNOSUPPORT)),
    answer(ALLOW),
  ];
}

function numberOf({ denied }: SyscallTable, name: string): number {
  const number = denied[name];
  if (number === undefined) throw new Error(`the table of system calls lacks ${name}`);
  return number;
}

/** The program for this processor. Throws where there is none. */
export function sandboxFilterFor(arch: string): Uint8Array {
  if (arch === 'x64' || arch === 'arm64') return buildSandboxFilter(arch);
  throw new Error(`no sandbox for the processor ${arch}`);
}
