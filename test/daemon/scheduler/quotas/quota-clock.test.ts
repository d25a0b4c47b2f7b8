import { expect, test } from 'vitest';
import {
  createQuotaClock,
  type ClockMark,
} from '../../../../daemon/scheduler/quotas/quota-clock.ts';
import { createFakeBootClock } from '../../../fakes/boot-clock.ts';

function setUp(bootClock = createFakeBootClock()) {
  const time = { monotonicMs: 5, wallMs: 1_000_000 };
  const start = (earlier?: ClockMark) =>
    createQuotaClock(
      { bootClock, monotonicMs: () => time.monotonicMs, wallMs: () => time.wallMs },
      earlier,
    );
  return { bootClock, time, start };
}

test('setting the time of day does not move it', () => {
  const { time, start } = setUp();
  const clock = start();
  const before = clock.now();
  time.wallMs += 1e12;
  time.monotonicMs += 10;
  clock.catchUp();
  expect(clock.now() - before).toBe(10);
});

test('time that the computer slept is in it from the next catching up on', () => {
  const { time, bootClock, start } = setUp();
  const clock = start();
  const before = clock.now();
  time.monotonicMs += 10;
  bootClock.pass(7000);
  expect(clock.now() - before).toBe(10);
  clock.catchUp();
  expect(clock.now() - before).toBe(7000);
});

test('a boot clock that fails for a while neither stops it nor counts twice', () => {
  const { time, bootClock, start } = setUp();
  const clock = start();
  const before = clock.now();
  bootClock.setBroken(true);
  for (let round = 0; round < 3; round += 1) {
    time.monotonicMs += 100;
    bootClock.pass(100);
    clock.catchUp();
  }
  bootClock.setBroken(false);
  clock.catchUp();
  expect(clock.now() - before).toBe(300);
});

test('a clock that goes back does not take it back', () => {
  const { time, bootClock, start } = setUp();
  const clock = start();
  const before = clock.now();
  time.monotonicMs -= 3;
  bootClock.pass(-50_000);
  clock.catchUp();
  expect(clock.now()).toBe(before);
});

test('after a restart in the same boot the time of day is not asked', () => {
  const { time, bootClock, start } = setUp();
  const mark = start().mark();
  time.wallMs += 1e12;
  time.monotonicMs = 1;
  bootClock.pass(4000);
  expect(start(mark).now()).toBe(mark.atMs + 4000);
});

test('after another boot it is, and at least that boot has passed', () => {
  const { time, bootClock, start } = setUp();
  const mark = start().mark();
  bootClock.reboot(9000);
  time.wallMs += 60_000;
  expect(start(mark).now()).toBe(mark.atMs + 60_000);
  time.wallMs -= 1e6;
  expect(start(mark).now()).toBe(mark.atMs + 9000);
});

test('without a boot clock there is only the time of day, which never takes it back', () => {
  const { time, bootClock, start } = setUp();
  bootClock.setBroken(true);
  const mark = start().mark();
  time.wallMs += 5000;
  expect(start(mark).now()).toBe(mark.atMs + 5000);
  time.wallMs -= 1e5;
  expect(start(mark).now()).toBe(mark.atMs);
});
