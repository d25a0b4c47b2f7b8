import { expect, test } from 'vitest';
import { createAppProcesses } from '../../../daemon/access/app-processes.ts';

const PARENTS: Readonly<Record<number, number>> = { 30: 20, 20: 10, 21: 10 };

function ancestors(pid: number): number[] {
  const parent = PARENTS[pid];
  return [pid, ...(parent === undefined ? [] : ancestors(parent))];
}

test('an app, its child and its grandchild are refused; its parent and sibling are not', () => {
  const apps = createAppProcesses(ancestors);
  apps.hold(20);
  expect([20, 30].map((pid) => apps.isAppOrChild(pid))).toEqual([true, true]);
  expect([10, 21].map((pid) => apps.isAppOrChild(pid))).toEqual([false, false]);
});

test('a process is an app until its last session has ended', () => {
  const apps = createAppProcesses(ancestors);
  const endFirst = apps.hold(20);
  const endSecond = apps.hold(20);
  endFirst();
  expect(apps.isAppOrChild(20)).toBe(true);
  endSecond();
  expect(apps.isAppOrChild(20)).toBe(false);
});

test('when the ancestors cannot be read the answer is yes', () => {
  expect(createAppProcesses(() => []).isAppOrChild(1)).toBe(true);
});
