import { readFileSync } from 'node:fs';
import type { BootReading } from '../boot-reading.ts';

const UPTIME_FILE = '/proc/uptime';
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
const BOOT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UPTIME = /^(\d{1,10})\.(\d{2}) /;

/**
 * CLOCK_BOOTTIME as the kernel writes it in a file: it counts through sleep, no call sets it, and libraries
 * that fake the time of a process do not reach it. The reader throws when the kernel does not tell.
 */
export function bindLinuxBootClock(): () => BootReading {
  const bootId = parseBootId(readFileSync(BOOT_ID_FILE, 'latin1'));
  return () => ({ bootId, elapsedMs: parseUptime(readFileSync(UPTIME_FILE, 'latin1')) });
}

/** The id of this boot, as the kernel spells it. Throws on anything else. */
export function parseBootId(text: string): string {
  const bootId = text.trim();
  if (!BOOT_ID.test(bootId)) throw new Error('the kernel does not name this boot');
  return bootId;
}

/** Whole milliseconds since the boot, from seconds with two decimals. Throws on anything else. */
export function parseUptime(text: string): number {
  const [, seconds, hundredths] = UPTIME.exec(text) ?? [];
  if (seconds === undefined) throw new Error('the kernel does not tell the time since its boot');
  return Number(seconds) * 1000 + Number(hundredths) * 10;
}
