import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type koffiModule from 'koffi';

const RLIMIT_DATA = 2;
const EPERM = 1;
const MIB = 1024 * 1024;

/** What statements may take beside the loaded engine: page cache, sorts, values, results. */
export const STATEMENT_MEMORY_MIB = 512;

/**
 * Lets this process take `extraMiB` more memory and then no more, for good: SQLite answers that with
 * SQLITE_NOMEM and goes on. SQLite's own heap limit is compiled out. Does nothing but on Linux, whose
 * kernel counts private memory; elsewhere the time budget alone ends a hungry statement.
 */
export function limitMemory(platform: NodeJS.Platform, extraMiB: number): void {
  if (platform !== 'linux') return;
  const usedKib = /^VmData:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (usedKib === undefined) throw new Error('the kernel does not say how much memory is in use');
  const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule;
  const setrlimit = koffi.load(null).func('int setrlimit(int, const uint64_t *)') as (
    resource: number,
    limits: BigUint64Array,
  ) => number;
  const bytes = BigInt(usedKib) * 1024n + BigInt(extraMiB * MIB);
  if (setrlimit(RLIMIT_DATA, BigUint64Array.of(bytes, bytes)) === 0) return;
  // Refused, because whoever started the daemon has set a lower limit: that one holds.
  if (koffi.errno() === EPERM) return;
  throw new Error(`setrlimit refused with errno ${koffi.errno()}`);
}
