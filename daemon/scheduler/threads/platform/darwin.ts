import koffi from 'koffi';

/** Level 0 is the fastest kind; Macs with one kind of core have no levels. */
const NAMES = ['hw.perflevel0.physicalcpu', 'hw.physicalcpu'] as const;
const BYTES = 4;

type NativeCall = (...args: readonly unknown[]) => number;

/** The performance cores of a Mac; undefined when the kernel does not tell. */
export function countDarwinCores(): number | undefined {
  const system = koffi.load('/usr/lib/libSystem.B.dylib');
  const sysctl = system.func(
    'int sysctlbyname(str, uint8_t *, size_t *, void *, size_t)',
  ) as NativeCall;
  for (const name of NAMES) {
    const value = new Uint8Array(BYTES);
    const length = BigUint64Array.of(BigInt(BYTES));
    if (sysctl(name, value, length, null, 0) === 0) return parseCount(value);
  }
  return undefined;
}

/** A C int in the order of bytes of every Mac; undefined when it is no number of cores. */
export function parseCount(value: Uint8Array): number | undefined {
  const count = new DataView(value.buffer, value.byteOffset).getInt32(0, true);
  return count >= 1 ? count : undefined;
}
