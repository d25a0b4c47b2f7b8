import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import type { BootReading } from '../boot-clock.ts';

const CLOCK_BOOTTIME = 7;
/** struct timespec { int64 seconds, int64 nanoseconds } on every 64-bit Linux. */
const TIMESPEC_BYTES = 16;
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
const BOOT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** CLOCK_BOOTTIME counts through sleep, and no call sets it. The reader throws when the kernel refuses. */
export function bindLinuxBootClock(): () => BootReading {
  const getTime = koffi.load(null).func('int clock_gettime(int, uint8_t *)') as (
    clock: number,
    into: Uint8Array,
  ) => number;
  const bootId = parseBootId(readFileSync(BOOT_ID_FILE, 'latin1'));
  return () => {
    const time = new Uint8Array(TIMESPEC_BYTES);
    if (getTime(CLOCK_BOOTTIME, time) !== 0) throw new Error('the kernel does not tell the time');
    return { bootId, elapsedMs: timespecToMs(new DataView(time.buffer)) };
  };
}

/** The id of this boot, as the kernel spells it. Throws on anything else. */
export function parseBootId(text: string): string {
  const bootId = text.trim();
  if (!BOOT_ID.test(bootId)) throw new Error('the kernel does not name this boot');
  return bootId;
}

/** Whole milliseconds of a little-endian struct timespec. */
export function timespecToMs(timespec: DataView): number {
  const seconds = timespec.getBigInt64(0, true);
  const nanoseconds = timespec.getBigInt64(8, true);
  return Number(seconds * 1000n + nanoseconds / 1_000_000n);
}
