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
} from './bpf.ts';
import { CLONE3, NEWEST_REVIEWED, SYSCALLS, X32_BIT, type SealArch } from './syscalls.ts';

export interface FilterOptions {
  readonly arch: SealArch;
  /** The process itself: the only one it may still signal (abort() does). */
  readonly pid: number;
  /** `before-exec` leaves open what it takes to start the final program; `final` nothing. */
  readonly stage: 'before-exec' | 'final';
}

const CLONE_THREAD = 0x0001_0000;
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
