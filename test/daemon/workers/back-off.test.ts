import { expect, test } from 'vitest';
import { BACK_OFF, createBackOff } from '../../../daemon/workers/back-off.ts';

function setUp() {
  const clock = { ms: 0 };
  return { clock, backOff: createBackOff(BACK_OFF, () => clock.ms) };
}

test('nothing waits before the first crash', () => {
  const { backOff } = setUp();
  expect(backOff.delayMs()).toBe(0);
  expect(backOff.quarantineMs('start')).toBe(0);
});

test('the wait doubles with every crash, up to its limit, and passes', () => {
  const { clock, backOff } = setUp();
  const delays = Array.from({ length: 10 }, () => {
    backOff.recordCrash('start');
    return backOff.delayMs();
  });
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  clock.ms += 10_000;
  expect(backOff.delayMs()).toBe(0);
});

test('the third crash in a row quarantines that activity alone', () => {
  const { backOff } = setUp();
  backOff.recordCrash('ocr');
  backOff.recordCrash('ocr');
  expect(backOff.quarantineMs('ocr')).toBe(0);
  backOff.recordCrash('ocr');
  expect(backOff.quarantineMs('ocr')).toBe(30_000);
  expect(backOff.quarantineMs('chat')).toBe(0);
});

test('after the quarantine one more try is free, and its crash doubles the rest', () => {
  const { clock, backOff } = setUp();
  for (let crash = 0; crash < 3; crash += 1) backOff.recordCrash('ocr');
  clock.ms += 30_000;
  expect(backOff.quarantineMs('ocr')).toBe(0);
  backOff.recordCrash('ocr');
  expect(backOff.quarantineMs('ocr')).toBe(60_000);
});

test('a success forgets the crashes of its activity', () => {
  const { backOff } = setUp();
  for (let crash = 0; crash < 3; crash += 1) backOff.recordCrash('ocr');
  backOff.recordSuccess('ocr');
  expect(backOff.quarantineMs('ocr')).toBe(0);
  expect(backOff.delayMs()).toBe(0);
});
