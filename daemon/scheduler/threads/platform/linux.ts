import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const SYSTEM = '/sys/devices';
const OWN_STATUS = '/proc/self/status';
/** Cores of another kind in one machine are this much slower at least. */
const SLOW_SHARE = 0.75;
const MAX_PROCESSORS = 4096;

/**
 * The fast cores that this process may run on, hyper-threads counted once; undefined when the kernel does not
 * describe them. The arguments are for tests.
 */
export function countLinuxCores(system = SYSTEM, ownStatus = OWN_STATUS): number | undefined {
  const read = (path: string): string | undefined => readText(join(system, path));
  const online = parseProcessorList(read('system/cpu/online') ?? '');
  const allowed = parseProcessorList(
    /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText(ownStatus) ?? '')?.[1] ?? '',
  );
  const usable = allowed.length === 0 ? online : online.filter((cpu) => allowed.includes(cpu));
  const cores = new Set<string>();
  for (const cpu of chooseFast(usable, read)) {
    const core = read(`system/cpu/cpu${cpu}/topology/core_id`);
    const socket = read(`system/cpu/cpu${cpu}/topology/physical_package_id`);
    if (core === undefined || socket === undefined) return undefined;
    cores.add(`${socket}/${core}`);
  }
  return cores.size === 0 ? undefined : cores.size;
}

/** Where a machine has fast and slow cores, the fast ones; all of them when none of those may be used. */
function chooseFast(
  processors: readonly number[],
  read: (path: string) => string | undefined,
): readonly number[] {
  const performance = parseProcessorList(read('cpu_core/cpus') ?? '');
  const capacities = new Map(
    processors.map((cpu) => [cpu, Number(read(`system/cpu/cpu${cpu}/cpu_capacity`) ?? 0)]),
  );
  const enough = SLOW_SHARE * Math.max(0, ...capacities.values());
  const fast = processors.filter(
    (cpu) =>
      (performance.length === 0 || performance.includes(cpu)) &&
      (capacities.get(cpu) ?? 0) >= enough,
  );
  return fast.length === 0 ? processors : fast;
}

/** `0-3,8` as numbers; what is not such a list is empty. */
export function parseProcessorList(text: string): number[] {
  const processors: number[] = [];
  for (const range of text.trim().split(',')) {
    const [, first, last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(range) ?? [];
    if (first === undefined) return [];
    for (let cpu = Number(first); cpu <= Number(last); cpu += 1) {
      if (processors.length === MAX_PROCESSORS) return processors;
      processors.push(cpu);
    }
  }
  return processors;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
}
