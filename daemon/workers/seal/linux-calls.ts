import { createRequire } from 'node:module';
import type koffiModule from 'koffi';

/** The few libc functions that a Linux worker needs to give up its rights. Each throws when the kernel refuses. */
export interface LinuxCalls {
  /** prctl(option, argument); returns its result. */
  prctl(option: number, argument: number): number;
  /** fcntl(fd, command, argument); returns its result. */
  fcntl(fd: number, command: number, argument: number): number;
  /** close_range(first, ~0, flags). */
  closeRange(first: number, flags: number): void;
  /** Installs a seccomp program on every thread. */
  installFilter(program: Uint8Array): void;
  /** landlock_create_ruleset(attributes, size, flags): the descriptor, the ABI version, or -errno. */
  landlockCreate(attributes: Uint8Array | null, size: number, flags: number): number;
  landlockAllowPath(ruleset: number, rule: Uint8Array): void;
  landlockRestrict(ruleset: number): void;
  /** Tries to open a TCP socket: the errno of the refusal, or 0 when it was opened. */
  trySocket(): number;
}

const CLOSE_RANGE = 436;
const LANDLOCK = { create: 444, addRule: 445, restrict: 446 } as const;
const LANDLOCK_RULE_PATH_BENEATH = 1;
const SECCOMP = { x64: 317, arm64: 277 } as const;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const BPF_INSTRUCTION_BYTES = 8;
const ALL_FDS = 0xffff_ffff;
const AF_INET = 2;
const SOCK_STREAM = 1;

type Integer = number | bigint;

/** Loads koffi, which must happen before the seal. */
export function loadLinuxCalls(arch: keyof typeof SECCOMP): LinuxCalls {
  const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule;
  const libc = koffi.load(null);
  const prctl = libc.func('int prctl(int, ulong, ulong, ulong, ulong)') as (
    ...args: readonly Integer[]
  ) => number;
  const fcntl = libc.func('int fcntl(int, int, long)') as (...args: readonly number[]) => number;
  const socket = libc.func('int socket(int, int, int)') as (...args: readonly number[]) => number;
  const syscall = libc.func('long syscall(long, ulong, ulong, ulong, ulong)') as (
    ...args: readonly Integer[]
  ) => Integer;
  const address = (bytes: Uint8Array): bigint => koffi.address(bytes);

  const assertOk = (call: string, result: Integer): number => {
    if (Number(result) < 0) throw new Error(`${call} refused with errno ${koffi.errno()}`);
    return Number(result);
  };
  const call = (number: number, ...args: readonly Integer[]): Integer => {
    const [a = 0, b = 0, c = 0, d = 0] = args;
    return syscall(number, a, b, c, d);
  };

  return {
    prctl: (option, argument) => assertOk('prctl', prctl(option, argument, 0, 0, 0)),
    fcntl: (fd, command, argument) => assertOk('fcntl', fcntl(fd, command, argument)),
    closeRange: (first, flags) => {
      assertOk('close_range', call(CLOSE_RANGE, first, ALL_FDS, flags));
    },
    installFilter: (program) => {
      const header = sockFprog(program.length / BPF_INSTRUCTION_BYTES, address(program));
      const result = call(
        SECCOMP[arch],
        SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_TSYNC,
        address(header),
      );
      // With TSYNC a positive result is the thread that could not follow.
      if (assertOk('seccomp', result) !== 0) throw new Error('a thread could not be sealed');
    },
    landlockCreate: (attributes, size, flags) => {
      const result = call(
        LANDLOCK.create,
        attributes === null ? 0 : address(attributes),
        size,
        flags,
      );
      return Number(result) < 0 ? -koffi.errno() : Number(result);
    },
    landlockAllowPath: (ruleset, rule) => {
      assertOk(
        'landlock_add_rule',
        call(LANDLOCK.addRule, ruleset, LANDLOCK_RULE_PATH_BENEATH, address(rule), 0),
      );
    },
    landlockRestrict: (ruleset) => {
      assertOk('landlock_restrict_self', call(LANDLOCK.restrict, ruleset, 0));
    },
    trySocket: () => (socket(AF_INET, SOCK_STREAM, 0) < 0 ? koffi.errno() : 0),
  };
}

/** `struct sock_fprog` of a 64-bit process. */
function sockFprog(length: number, program: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, length, true);
  view.setBigUint64(8, program, true);
  return bytes;
}
