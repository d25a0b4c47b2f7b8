import { expect, test } from 'vitest';
import type { Resident } from '../../../../daemon/scheduler/memory/admission.ts';
import type { Pressure } from '../../../../daemon/scheduler/memory/platform/memory-platform.ts';
import { createPressureWatch } from '../../../../daemon/scheduler/memory/pressure-watch.ts';
import { silentLog } from '../../../fakes/silent-log.ts';

function watch(residents: readonly Resident[], readPressure: () => Pressure) {
  const unloads: string[] = [];
  const admission = {
    residents: () => residents,
    heldBytes: () => 0,
    freeBytes: () => 0,
    unloadIdle: (which: 'one' | 'all') => {
      unloads.push(which);
      return [];
    },
  };
  const options = { admission, readPressure, intervalMs: 1, log: silentLog };
  return { unloads, watching: createPressureWatch(options) };
}

const RESIDENT = {} as Resident;

test.each([
  ['warning', 'one'],
  ['critical', 'all'],
] as const)('at %s %s goes', async (level, which) => {
  const { unloads, watching } = watch([RESIDENT], () => level);
  watching.wake();
  await expect.poll(() => unloads).toContain(which);
  expect(watching.level()).toBe(level);
  watching.stop();
  expect(new Set(unloads)).toEqual(new Set([which]));
});

test('without pressure everything stays, and without a model nobody looks', async () => {
  let looks = 0;
  const residents = [RESIDENT];
  const { unloads, watching } = watch(residents, () => {
    looks += 1;
    if (looks === 2) residents.pop();
    return 'normal';
  });
  watching.wake();
  await expect.poll(() => looks).toBe(2);
  await new Promise(setImmediate);
  expect(unloads).toEqual([]);
  expect(looks).toBe(2);
});
