import { expect, test } from 'vitest';
import { BACK_OFF, Streak } from '../../../daemon/workers/back-off.ts';

function setUp() {
  const clock = { ms: 0 };
  return { clock, streak: new Streak(BACK_OFF, () => clock.ms) };
}

function record(streak: Streak, crashes: number): void {
  for (let crash = 0; crash < crashes; crash += 1) streak.record();
}

test('nothing waits before the first crash', () => {
  const { streak } = setUp();
  expect(streak.delayMs()).toBe(0);
  expect(streak.quarantineMs()).toBe(0);
});

test('the wait doubles with every crash, up to its limit, and passes', () => {
  const { clock, streak } = setUp();
  const delays = Array.from({ length: 10 }, () => {
    streak.record();
    return streak.delayMs();
  });
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  clock.ms += 10_000;
  expect(streak.delayMs()).toBe(0);
});

test('the third crash in a row begins a quarantine', () => {
  const { streak } = setUp();
  record(streak, 2);
  expect(streak.quarantineMs()).toBe(0);
  streak.record();
  expect(streak.quarantineMs()).toBe(30_000);
});

test('after the quarantine one more try is free, and its crash doubles the rest, up to two minutes', () => {
  const { clock, streak } = setUp();
  record(streak, 3);
  clock.ms += 30_000;
  expect(streak.quarantineMs()).toBe(0);
  streak.record();
  expect(streak.quarantineMs()).toBe(60_000);
  record(streak, 2);
  expect(streak.quarantineMs()).toBe(120_000);
});

test('a streak that is cleared begins anew', () => {
  const { streak } = setUp();
  record(streak, 3);
  streak.clear();
  expect(streak.quarantineMs()).toBe(0);
  expect(streak.delayMs()).toBe(0);
});

test('crashes ten minutes apart are not in a row', () => {
  const { clock, streak } = setUp();
  record(streak, 2);
  clock.ms += 600_000;
  streak.record();
  expect(streak.crashes).toBe(1);
});
