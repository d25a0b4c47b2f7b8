import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCores, toCores } from '../../../../daemon/scheduler/threads/cores.ts';
import { parseCount } from '../../../../daemon/scheduler/threads/platform/darwin.ts';
import {
  countLinuxCores,
  parseProcessorList,
} from '../../../../daemon/scheduler/threads/platform/linux.ts';

/** A machine as the kernel describes it; `cores` names the core of each processor. */
function count(machine: {
  readonly cores: readonly number[];
  readonly allowed?: string;
  readonly performance?: string;
  readonly capacities?: readonly number[];
}): number | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'cores-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${text}\n`);
  };
  const { cores, allowed, performance, capacities } = machine;
  write('system/cpu/online', `0-${cores.length - 1}`);
  for (const [cpu, core] of cores.entries()) {
    write(`system/cpu/cpu${cpu}/topology/core_id`, String(core));
    write(`system/cpu/cpu${cpu}/topology/physical_package_id`, '0');
    if (capacities !== undefined) {
      write(`system/cpu/cpu${cpu}/cpu_capacity`, String(capacities[cpu]));
    }
  }
  if (performance !== undefined) write('cpu_core/cpus', performance);
  write('status', allowed === undefined ? 'Name:\tx' : `Name:\tx\nCpus_allowed_list:\t${allowed}`);
  return countLinuxCores(folder, join(folder, 'status'));
}

describe('cores on Linux', () => {
  test('hyper-threads count once', () => {
    expect(count({ cores: [0, 1, 2, 3, 0, 1, 2, 3] })).toBe(4);
  });

  test('only those count that this process may run on', () => {
    expect(count({ cores: [0, 1, 2, 3, 0, 1, 2, 3], allowed: '0,4' })).toBe(1);
    expect(count({ cores: [0, 1, 2, 3], allowed: '1-2' })).toBe(2);
  });

  test('slow cores do not count beside fast ones', () => {
    expect(count({ cores: [0, 0, 1, 1, 2, 3, 4, 5], performance: '0-3' })).toBe(2);
    expect(count({ cores: [0, 1, 2, 3], capacities: [446, 446, 1024, 1024] })).toBe(2);
  });

  test('slow cores count where a process may run on no others', () => {
    expect(count({ cores: [0, 0, 1, 1, 2, 3], performance: '0-3', allowed: '4-5' })).toBe(2);
  });

  test('a kernel that tells nothing is asked nothing', () => {
    expect(countLinuxCores('/nowhere', '/nowhere')).toBeUndefined();
  });

  test.each([
    ['0-3,8', [0, 1, 2, 3, 8]],
    ['7', [7]],
    ['', []],
    ['0-1,x', []],
    ['3-1', []],
  ])('the list %j', (text, processors) => {
    expect(parseProcessorList(text)).toEqual(processors);
  });

  test('a list without end is cut', () => {
    expect(parseProcessorList('0-999999').length).toBe(4096);
  });
});

describe('cores on macOS', () => {
  test.each([
    ['eight', [8, 0, 0, 0], 8],
    ['none', [0, 0, 0, 0], undefined],
    ['nonsense', [255, 255, 255, 255], undefined],
  ])('%s', (_name, bytes, cores) => {
    expect(parseCount(Uint8Array.from(bytes))).toBe(cores);
  });
});

describe('what the engines may count on', () => {
  test('is never more than a quota of the system lets run at once', () => {
    expect(toCores({ physical: 8, logical: 2 })).toMatchObject({ count: 2, source: 'topology' });
    expect(toCores({ physical: 4, logical: 8 })).toMatchObject({ count: 4, logical: 8 });
  });

  test('is what runs at once where cores are not told apart', () => {
    expect(toCores({ physical: undefined, logical: 6 })).toMatchObject({
      count: 6,
      source: 'parallelism',
    });
  });

  test('is read from this machine', () => {
    const { count: cores, logical } = readCores();
    expect(cores).toBeGreaterThanOrEqual(1);
    expect(cores).toBeLessThanOrEqual(logical);
    expect(logical).toBe(availableParallelism());
  });
});
