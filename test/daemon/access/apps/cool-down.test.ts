import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '@locara/protocol';
import {
  advanceWait,
  beginWait,
  remainingMs,
  type Waited,
} from '../../../../daemon/access/apps/cool-down.ts';
import type { BootReading } from '../../../../daemon/clock/boot-reading.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

function at(bootId: string, elapsedMs: number): BootReading {
  return { bootId, elapsedMs };
}

function waitFrom(
  first: BootReading | undefined,
  ...later: readonly (BootReading | undefined)[]
): Waited {
  return later.reduce(advanceWait, beginWait(first));
}

describe('the cool-down', () => {
  test('is seven days, to the millisecond', () => {
    expect(LIMITS.coolDownMs).toBe(7 * DAY_MS);
    const begun = beginWait(at('a', 5));
    expect(remainingMs(begun)).toBe(LIMITS.coolDownMs);
    expect(remainingMs(advanceWait(begun, at('a', 5 + LIMITS.coolDownMs - 1)))).toBe(1);
    expect(remainingMs(advanceWait(begun, at('a', 5 + LIMITS.coolDownMs)))).toBe(0);
  });

  test('counts the time of one boot between observations', () => {
    const waited = waitFrom(at('a', 1000), at('a', 3000), at('a', 4000));
    expect(waited).toEqual({ elapsedMs: 3000, bootId: 'a', bootMs: 4000 });
  });

  test('counts all of a later boot, and nothing while the computer was off', () => {
    const waited = waitFrom(at('a', 1000), at('a', 3000), at('b', 500), at('b', 700));
    expect(waited.elapsedMs).toBe(2000 + 700);
  });

  test('adds nothing without a clock, and goes on when it is back', () => {
    const waited = waitFrom(at('a', 1000), undefined, at('a', 4000));
    expect(waited.elapsedMs).toBe(3000);
    expect(remainingMs(waitFrom(at('a', 0), undefined, undefined))).toBe(LIMITS.coolDownMs);
  });

  test('without a clock at first sight, the boot in which it comes back is not credited', () => {
    const waited = waitFrom(undefined, at('a', 30 * DAY_MS), at('a', 30 * DAY_MS + 5));
    expect(waited.elapsedMs).toBe(5);
  });

  test('a clock that goes back and forth counts no time twice', () => {
    const ahead = at('a', 9000);
    const waited = waitFrom(at('a', 1000), ahead, at('a', 1000), ahead, at('a', 1000), ahead);
    expect(waited.elapsedMs).toBe(8000);
  });
});

test('attack 34: no order of observations proves more time than has passed', () => {
  const step = fc.record({
    passedMs: fc.integer({ min: 0, max: 3 * DAY_MS }),
    event: fc.constantFrom('observe', 'reboot', 'break', 'off'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let boot = 0;
      let bootMs = 1000;
      let passedMs = 0;
      let waited = beginWait(at('boot 0', bootMs));
      for (const { passedMs: stepMs, event } of steps) {
        if (event === 'reboot') {
          boot += 1;
          bootMs = 0;
        }
        passedMs += stepMs;
        if (event !== 'off') bootMs += stepMs;
        waited = advanceWait(waited, event === 'break' ? undefined : at(`boot ${boot}`, bootMs));
        expect(waited.elapsedMs).toBeLessThanOrEqual(passedMs);
      }
    }),
  );
});
