/** One `struct sock_filter`. */
export interface Instruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly k: number;
}

const INSTRUCTION_BYTES = 8;

// BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_J…|BPF_K, BPF_RET|BPF_K
const LOAD = 0x20;
export const JUMP_EQUAL = 0x15;
export const JUMP_GREATER = 0x25;
export const JUMP_GREATER_OR_EQUAL = 0x35;
export const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

export const KILL = 0x8000_0000;
export const ALLOW = 0x7fff_0000;
export const ERRNO = 0x0005_0000;
export const EPERM = 1;
export const ENOSYS = 38;

// struct seccomp_data: nr, arch, instruction pointer, then 64-bit arguments; both processors are little-endian.
export const NUMBER_OFFSET = 0;
export const ARCH_OFFSET = 4;
export const argumentOffset = (index: number): number => 16 + 8 * index;

/** Requests that type into the user's terminal. */
export const TERMINAL_INJECTION = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c };

export function load(offset: number): Instruction {
  return { code: LOAD, jumpTrue: 0, jumpFalse: 0, k: offset };
}

export function answer(action: number): Instruction {
  return { code: RETURN, jumpTrue: 0, jumpFalse: 0, k: action };
}

export function when(
  jump: number,
  k: number,
  ...then: readonly Instruction[]
): readonly Instruction[] {
  return [{ code: jump, jumpTrue: 0, jumpFalse: then.length, k }, ...then];
}

export function unless(
  jump: number,
  k: number,
  ...then: readonly Instruction[]
): readonly Instruction[] {
  return [{ code: jump, jumpTrue: then.length, jumpFalse: 0, k }, ...then];
}

export function encode(program: readonly Instruction[]): Uint8Array {
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
