export const KILL = 'kill';
export const ALLOW = 'allow';
export const EPERM = 'errno 1';
export const ENOSYS = 'errno 38';
export const EAFNOSUPPORT = 'errno 97';

interface Call {
  readonly arch: number;
  readonly number: number;
  readonly args?: readonly bigint[];
}

/** The kernel's reading of a seccomp program, for the six instructions ours uses. */
export function judge(program: Uint8Array, { arch, number, args = [] }: Call): string {
  const seen = new DataView(new ArrayBuffer(64));
  seen.setUint32(0, number, true);
  seen.setUint32(4, arch, true);
  for (const [index, value] of args.entries()) seen.setBigUint64(16 + 8 * index, value, true);
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const code = view.getUint16(at, true);
    const k = view.getUint32(at + 4, true);
    if (code === 0x20) accumulator = seen.getUint32(k, true);
    else if (code === 0x06) return nameOf(k);
    else {
      const isTrue = {
        0x15: accumulator === k,
        0x25: accumulator > k,
        0x35: accumulator >= k,
        0x45: (accumulator & k) !== 0,
      }[code];
      if (isTrue === undefined) throw new Error(`unknown instruction ${code}`);
      at += 8 * view.getUint8(isTrue ? at + 2 : at + 3);
    }
  }
  throw new Error('ran off the end');
}

function nameOf(action: number): string {
  if (action === 0x8000_0000) return KILL;
  if (action === 0x7fff_0000) return ALLOW;
  return `errno ${action & 0xffff}`;
}
