import koffi from 'koffi';

/** Apple's own processors say it in the first, Intel's in the second. */
const NAMES = ['hw.optional.arm.FEAT_AES', 'hw.optional.aes'] as const;
const BYTES = 4;

type NativeCall = (...args: readonly unknown[]) => number;

/** Whether the processor has instructions for AES, by the kernel's word. */
export function hasDarwinAes(): boolean {
  const system = koffi.load('/usr/lib/libSystem.B.dylib');
  const sysctl = system.func(
    'int sysctlbyname(str, uint8_t *, size_t *, void *, size_t)',
  ) as NativeCall;
  return NAMES.some((name) => {
    const value = new Uint8Array(BYTES);
    const length = BigUint64Array.of(BigInt(BYTES));
    return sysctl(name, value, length, null, 0) === 0 && value[0] === 1;
  });
}
