import { describe, expect, test } from 'vitest';
import { createTimeBudgets } from '../../../../daemon/stores/processes/time-budget.ts';
import { createScriptedWorker } from '../../../fakes/scripted-worker.ts';
import { failureOf } from '../../../support/echo-worker.ts';

interface Ops {
  run: { params: undefined; chunk: never; result: undefined };
}

/** A store whose calls take as long as they say, on a clock that only they move. */
function openBudget(callMs: number) {
  const clock = { nowMs: 0 };
  const budgets = createTimeBudgets<Ops>(() => clock.nowMs);
  const worker = createScriptedWorker<Ops>(async () => {
    await Promise.resolve();
    clock.nowMs += callMs;
  });
  const call = (appId: string): Promise<undefined> =>
    budgets.limit(appId, worker).call('run', undefined);
  const exhaust = async (): Promise<number> => {
    for (let calls = 0; ; calls += 1) {
      try {
        await call('acme/a');
      } catch {
        return calls;
      }
    }
  };
  return { clock, call, exhaust };
}

describe('the time budget of a store', () => {
  test('lets a quarter of an hour pass at once, then refuses with the time to wait', async () => {
    const { call, exhaust, clock } = openBudget(4900);
    // Half of the time comes back meanwhile.
    expect(await exhaust()).toBe(Math.ceil(900_000 / (4900 / 2)));
    const refusal = await failureOf(call('acme/a'));
    expect(refusal).toMatchObject({ reason: 'Busy', details: { rule: 'store_time' } });
    clock.nowMs += Number(refusal.details?.['retryAfterMs']);
    await call('acme/a');
  });

  test('leaves a greedy app half of the time', async () => {
    const { call, exhaust, clock } = openBudget(4900);
    await exhaust();
    const startedAt = clock.nowMs;
    let done = 0;
    while (clock.nowMs - startedAt < 600_000) {
      try {
        await call('acme/a');
        done += 1;
      } catch {
        clock.nowMs += 100;
      }
    }
    expect((done * 4900) / (clock.nowMs - startedAt)).toBeCloseTo(0.5, 1);
  });

  test('is one per app', async () => {
    const { call, exhaust } = openBudget(4900);
    await exhaust();
    await call('acme/b');
  });

  test('counts calls that wait for one another once', async () => {
    const clock = { nowMs: 0 };
    const budgets = createTimeBudgets<Ops>(() => clock.nowMs);
    const gate = Promise.withResolvers<undefined>();
    const worker = budgets.limit(
      'acme/a',
      createScriptedWorker<Ops>(() => gate.promise),
    );
    const calls = Array.from({ length: 50 }, () => worker.call('run', undefined));
    clock.nowMs += 100_000;
    gate.resolve(undefined);
    await Promise.all(calls);
    await worker.call('run', undefined);
  });

  test('never ends for an app that leaves the store idle half of the time', async () => {
    const { call, clock } = openBudget(1000);
    for (let round = 0; round < 500; round += 1) {
      await call('acme/a');
      clock.nowMs += 1000;
    }
  });
});
