import koffi from 'koffi';
import type { MemoryPlatform, Pressure } from './memory-platform.ts';

/** HOST_VM_INFO64 of host_statistics64, and the size of its answer in 32-bit words. */
const HOST_VM_INFO64 = 4;
const VM_STATISTICS64_WORDS = 38;
/** Words of vm_statistics64 { free_count, active_count, inactive_count, … } that are read. */
const FREE_COUNT = 0;
const INACTIVE_COUNT = 2;
const PRESSURE_LEVEL = 'kern.memorystatus_vm_pressure_level';

type NativeCall = (...args: readonly unknown[]) => number;

/** The Mach host's page counts, and the level by which the kernel asks programs to give memory back. */
export function bindDarwinMemory(): MemoryPlatform {
  const system = koffi.load('/usr/lib/libSystem.B.dylib');
  const readStatistics = system.func(
    'int host_statistics64(uint32_t, int, uint32_t *, uint32_t *)',
  ) as NativeCall;
  const readPageSize = system.func('int host_page_size(uint32_t, size_t *)') as NativeCall;
  const readSysctl = system.func(
    'int sysctlbyname(str, uint32_t *, size_t *, void *, size_t)',
  ) as NativeCall;
  const host = (system.func('uint32_t mach_host_self()') as NativeCall)();
  const pageSize = new BigUint64Array(1);
  if (readPageSize(host, pageSize) !== 0) throw new Error('the kernel does not name its page size');
  return {
    limitBytes: () => undefined,
    availableBytes: () => {
      const words = new Uint32Array(VM_STATISTICS64_WORDS);
      const count = Uint32Array.of(words.length);
      if (readStatistics(host, HOST_VM_INFO64, words, count) !== 0) return undefined;
      return toAvailableBytes(words, Number(pageSize[0]));
    },
    pressure: () => {
      const level = new Uint32Array(1);
      const length = BigUint64Array.of(4n);
      if (readSysctl(PRESSURE_LEVEL, level, length, null, 0) !== 0) return undefined;
      return toPressure(level[0] ?? 0);
    },
  };
}

/** Free pages, among which the kernel counts those it read ahead, and those that nobody has used for a while. */
export function toAvailableBytes(statistics: Uint32Array, pageBytes: number): number {
  return ((statistics[FREE_COUNT] ?? 0) + (statistics[INACTIVE_COUNT] ?? 0)) * pageBytes;
}

/** 1 normal, 2 warning, 4 critical; a level that is not known is the milder of its neighbours. */
export function toPressure(level: number): Pressure {
  if (level >= 4) return 'critical';
  return level >= 2 ? 'warning' : 'normal';
}
