import { mkdirSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMachineMemory } from '../../../../daemon/scheduler/memory/machine-memory.ts';
import { readGroupMemory } from '../../../../daemon/scheduler/memory/platform/control-groups.ts';
import {
  toAvailableBytes,
  toPressure,
} from '../../../../daemon/scheduler/memory/platform/darwin.ts';
import {
  bindLinuxMemory,
  parseAvailable,
  parseStalls,
} from '../../../../daemon/scheduler/memory/platform/linux.ts';
import { createTemporaryFolder } from '../../../support/signed-package.ts';

function createRoot(files: Readonly<Record<string, string>>): string {
  const root = createTemporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test('this machine tells its memory, and is under no pressure that it cannot name', () => {
  const machine = createMachineMemory();
  expect(machine.totalBytes).toBeLessThanOrEqual(totalmem());
  expect(machine.availableBytes()).toBeGreaterThan(0);
  expect(machine.availableBytes()).toBeLessThanOrEqual(machine.totalBytes);
  expect(['normal', 'warning', 'critical']).toContain(machine.pressure());
});

test('a system that tells nothing leaves all of its memory to be used', () => {
  const machine = createMachineMemory('aix');
  expect(machine.availableBytes()).toBe(machine.totalBytes);
  expect(machine.pressure()).toBe('normal');
});

describe('control groups', () => {
  test('every limited group around the process counts, without what it would drop', () => {
    const at = 'sys/fs/cgroup';
    const root = createRoot({
      'proc/self/cgroup': '0::/user/app\n',
      'proc/meminfo': 'MemAvailable:    9999999 kB\n',
      [`${at}/user/app/memory.max`]: 'max\n',
      [`${at}/user/app/memory.current`]: '70\n',
      [`${at}/user/memory.max`]: '1000\n',
      [`${at}/user/memory.current`]: '700\n',
      [`${at}/user/memory.stat`]: 'anon 400\ninactive_file 300\n',
    });
    expect(readGroupMemory(root)).toEqual([{ limitBytes: 1000, usedBytes: 400 }]);
    const memory = bindLinuxMemory(root);
    expect(memory.limitBytes()).toBe(1000);
    expect(memory.availableBytes()).toBe(600);
  });

  test('the first version has a hierarchy of its own, and no limit is a huge one', () => {
    const at = 'sys/fs/cgroup/memory';
    const root = createRoot({
      'proc/self/cgroup': '4:memory:/box\n1:cpu:/box\n0::/\n',
      [`${at}/box/memory.limit_in_bytes`]: '2000\n',
      [`${at}/box/memory.usage_in_bytes`]: '500\n',
      [`${at}/memory.limit_in_bytes`]: '9223372036854771712\n',
      [`${at}/memory.usage_in_bytes`]: '500\n',
    });
    expect(readGroupMemory(root)).toEqual([{ limitBytes: 2000, usedBytes: 500 }]);
  });

  test('a system without them has none', () => {
    expect(readGroupMemory(createRoot({}))).toEqual([]);
    expect(bindLinuxMemory(createRoot({})).availableBytes()).toBeUndefined();
  });
});

test('MemAvailable is read in bytes', () => {
  expect(parseAvailable('MemTotal: 10 kB\nMemAvailable:   2048 kB\n')).toBe(2048 * 1024);
  expect(parseAvailable('MemTotal: 10 kB\n')).toBeUndefined();
});

describe('stalls for memory', () => {
  const stalls = (some: [number, number], full: [number, number]): string =>
    `some avg10=${some[0].toFixed(2)} avg60=0.00 avg300=0.00 total=${some[1]}\n` +
    `full avg10=${full[0].toFixed(2)} avg60=0.00 avg300=0.00 total=${full[1]}\n`;
  const HOURS_US = 3600e6;

  test('both lines are read, and anything else is no reading', () => {
    expect(parseStalls(stalls([12.5, 7], [0, 3]))).toEqual({
      some: { recentPercent: 12.5, totalUs: 7 },
      full: { recentPercent: 0, totalUs: 3 },
    });
    expect(parseStalls('some avg10=x')).toBeUndefined();
    expect(bindLinuxMemory(createRoot({})).pressure()).toBeUndefined();
  });

  test.each([
    ['normal', [0, HOURS_US], [0, 0]],
    ['normal', [50, 0], [50, 0]],
    ['warning', [50, HOURS_US], [0, 0]],
    ['critical', [50, HOURS_US], [50, HOURS_US]],
  ] as const)('the level is %s when average and time since agree on it', (level, some, full) => {
    const root = createRoot({ 'proc/pressure/memory': stalls([0, 0], [0, 0]) });
    const memory = bindLinuxMemory(root);
    expect(memory.pressure()).toBe('normal');
    writeFileSync(join(root, 'proc/pressure/memory'), stalls([...some], [...full]));
    expect(memory.pressure()).toBe(level);
  });
});

test('macOS counts pages and names levels', () => {
  const words = new Uint32Array(38);
  words.set([100, 7, 50]);
  expect(toAvailableBytes(words, 16_384)).toBe(150 * 16_384);
  expect([0, 1, 2, 3, 4].map(toPressure)).toEqual([
    'normal',
    'normal',
    'warning',
    'warning',
    'critical',
  ]);
});
