import { CLONE3, NEWEST_REVIEWED, SYSCALLS, X32_BIT, type SealArch } from './syscalls.ts';

export interface FilterOptions {
  readonly arch: SealArch;
  /** The process itself: the only one it may still signal (abort() does). */
  readonly pid: number;
  /** `before-exec` leaves open what it takes to start the final program; `final` nothing. */
  readonly stage: 'before-exec' | 'final';
}

/** One `struct sock_filter`. */
interface Instruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly k: number;
}

const INSTRUCTION_BYTES = 8;

// BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_J…|BPF_K, BPF_RET|BPF_K
const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_GREATER_OR_EQUAL = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

const KILL = 0x8000_0000;
const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
const EPERM = 1;
const ENOSYS = 38;

// struct seccomp_data: nr, arch, instruction pointer, then 64-bit arguments; both processors are little-endian.
const NUMBER_OFFSET = 0;
const ARCH_OFFSET = 4;
const argumentOffset = (index: number): number => 16 + 8 * index;

const CLONE_THREAD = 0x0001_0000;
/** Requests that type into the user's terminal. */
const TERMINAL_INJECTION = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c };

/** The seccomp program of a sealed process, as an array of `struct sock_filter`. */
export function buildSeccompFilter({ arch, pid, stage }: FilterOptions): Uint8Array {
  const table = SYSCALLS[arch];
  const denied = [
    ...Object.values(table.denied),
    ...(stage === 'final' ? Object.values(table.deniedAfterExec) : []),
  ];
  return encode([
    load(ARCH_OFFSET),
    ...unless(JUMP_EQUAL, table.auditArch, answer(KILL)),
    load(NUMBER_OFFSET),
    ...(arch === 'x64' ? when(JUMP_GREATER_OR_EQUAL, X32_BIT, answer(KILL)) : []),
    ...when(JUMP_GREATER, NEWEST_REVIEWED, answer(ERRNO | ENOSYS)),
    ...when(JUMP_EQUAL, CLONE3, answer(ERRNO | ENOSYS)),
    ...denied.flatMap((number) => when(JUMP_EQUAL, number, answer(ERRNO | EPERM))),
    ...when(
      JUMP_EQUAL,
      table.clone,
      load(argumentOffset(0)),
      ...unless(JUMP_ANY_BIT, CLONE_THREAD, answer(ERRNO | EPERM)),
      answer(ALLOW),
    ),
    ...when(
      JUMP_EQUAL,
      table.tgkill,
      load(argumentOffset(0)),
      ...unless(JUMP_EQUAL, pid, answer(ERRNO | EPERM)),
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

function load(offset: number): Instruction {
  return { code: LOAD, jumpTrue: 0, jumpFalse: 0, k: offset };
}

function answer(action: number): Instruction {
  return { code: RETURN, jumpTrue: 0, jumpFalse: 0, k: action };
}

function when(jump: number, k: number, ...then: readonly Instruction[]): readonly Instruction[] {
  return [{ code: jump, jumpTrue: 0, jumpFalse: then.length, k }, ...then];
}

function unless(jump: number, k: number, ...then: readonly Instruction[]): readonly Instruction[] {
  return [{ code: jump, jumpTrue: then.length, jumpFalse: 0, k }, ...then];
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, jumpTrue, jumpFalse, k }] of program.entries()) {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jumpTrue);
    view.setUint8(at + 3, jumpFalse);
    view.setUint32(at + 4, k >>> 0, true);
  }
  return bytes;
}
