import { expect, test } from 'vitest';
import { createAppProcesses } from '../../../daemon/access/app-processes.ts';

function processes(parents: Record<number, number>, startTimes: Record<number, string>) {
  return {
    processAncestors: (pid: number) => {
      const found = [pid];
      for (let parent = parents[pid]; parent !== undefined; parent = parents[parent])
        found.push(parent);
      return found;
    },
    processStartTime: (pid: number) => startTimes[pid],
  };
}

test('an app, its child and its grandchild are refused; its parent and sibling are not', () => {
  const table = processes({ 30: 20, 20: 10, 21: 10 }, { 10: 'a', 20: 'b', 21: 'c', 30: 'd' });
  const apps = createAppProcesses(table);
  apps.remember(20);
  expect([20, 30].map((pid) => apps.isAppOrChild(pid))).toEqual([true, true]);
  expect([10, 21].map((pid) => apps.isAppOrChild(pid))).toEqual([false, false]);
});

test('a process that has only got the number of an ended app is not an app', () => {
  const startTimes: Record<number, string> = { 20: 'b' };
  const apps = createAppProcesses(processes({}, startTimes));
  apps.remember(20);
  startTimes[20] = 'later';
  expect(apps.isAppOrChild(20)).toBe(false);
});

test('when the ancestors cannot be read the answer is yes', () => {
  const apps = createAppProcesses({
    processAncestors: () => [],
    processStartTime: () => undefined,
  });
  expect(apps.isAppOrChild(1)).toBe(true);
});
