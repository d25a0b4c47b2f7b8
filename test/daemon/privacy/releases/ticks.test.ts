import { expect, test } from 'vitest';
import { settleOnTick, type TickClock, tickOf } from '../../../../daemon/privacy/releases/ticks.ts';

/** Time that passes when somebody waits or works. */
function createStoppedClock(): TickClock & { pass(ms: number): void } {
  let nowMs = 1234.5;
  return {
    nowMs: () => nowMs,
    pass: (ms) => {
      nowMs += ms;
    },
    wait: (ms) => {
      // Timers are early at times.
      nowMs += Math.max(0.01, ms - 0.4);
      return Promise.resolve();
    },
  };
}

const { signal } = new AbortController();

async function timeOf(drawMs: number, outcome: () => unknown = () => 'drawn'): Promise<number> {
  const clock = createStoppedClock();
  const startedAt = clock.nowMs();
  const work = () => {
    clock.pass(drawMs);
    return Promise.resolve().then(outcome);
  };
  await settleOnTick(work, { tickMs: 10, signal, clock }).catch(() => undefined);
  return Math.round(clock.nowMs() - startedAt);
}

test('how long a draw took is not to be told from when its answer comes', async () => {
  const times = await Promise.all([0.01, 0.2, 1, 3.7, 9.9].map((drawMs) => timeOf(drawMs)));
  expect(new Set(times)).toEqual(new Set([10]));
  expect(await timeOf(10.1)).toBe(20);
  expect(await timeOf(57)).toBe(60);
});

test('nor from when it failed', async () => {
  const fail = () => {
    throw new Error('no');
  };
  expect(await timeOf(0.3, fail)).toBe(10);
});

test('ticks grow with how much is drawn, and with nothing else', () => {
  expect(tickOf(1)).toBe(10);
  expect(tickOf(384)).toBe(10);
  expect(tickOf(384_000)).toBe(240);
});

test('a cancelled call does not wait for its tick', async () => {
  const controller = new AbortController();
  const clock: TickClock = {
    nowMs: () => performance.now(),
    wait: () => {
      controller.abort();
      return Promise.reject(new Error('aborted'));
    },
  };
  const settled = settleOnTick(() => Promise.resolve(1), {
    tickMs: 60_000,
    signal: controller.signal,
    clock,
  });
  await expect(settled).rejects.toMatchObject({ reason: 'Cancelled' });
});
