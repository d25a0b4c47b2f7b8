import koffi from 'koffi';
import type { BootReading } from '../boot-reading.ts';

/** A UUID in text and the NUL that ends it. */
const BOOT_SESSION_BYTES = 37;
const BOOT_SESSION = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;

type NativeCall<Result> = (...args: readonly unknown[]) => Result;

/** mach_continuous_time counts through sleep, and no call sets it. The reader throws when the kernel refuses. */
export function bindDarwinBootClock(): () => BootReading {
  const system = koffi.load('/usr/lib/libSystem.B.dylib');
  const continuousTime = system.func('uint64_t mach_continuous_time()') as NativeCall<
    number | bigint
  >;
  const readTimebase = system.func('int mach_timebase_info(uint32_t *)') as NativeCall<number>;
  const sysctl = system.func(
    'int sysctlbyname(str, uint8_t *, size_t *, void *, size_t)',
  ) as NativeCall<number>;

  const timebase = new Uint32Array(2);
  if (readTimebase(timebase) !== 0) throw new Error('the kernel does not name its tick');
  const bootSession = new Uint8Array(BOOT_SESSION_BYTES);
  const length = BigUint64Array.of(BigInt(bootSession.length));
  if (sysctl('kern.bootsessionuuid', bootSession, length, null, 0) !== 0) {
    throw new Error('the kernel does not name this boot');
  }
  const bootId = parseBootSession(bootSession);
  return () => ({ bootId, elapsedMs: ticksToMs(BigInt(continuousTime()), timebase) });
}

/** The id of this boot from a NUL-ended text. Throws on anything but a UUID. */
export function parseBootSession(bytes: Uint8Array): string {
  const bootId = Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '');
  if (!BOOT_SESSION.test(bootId)) throw new Error('the kernel does not name this boot');
  return bootId;
}

/** Whole milliseconds of ticks that last numerator/denominator nanoseconds each. */
export function ticksToMs(ticks: bigint, timebase: Uint32Array): number {
  const [numerator = 0, denominator = 0] = timebase;
  if (numerator === 0 || denominator === 0) throw new Error('the kernel does not name its tick');
  return Number((ticks * BigInt(numerator)) / BigInt(denominator) / 1_000_000n);
}
