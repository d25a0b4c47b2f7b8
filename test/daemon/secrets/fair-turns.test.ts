import { expect, test } from 'vitest';
import { createFairTurns } from '../../../daemon/secrets/fair-turns.ts';

const LIMITS = { maxWaitingPerOwner: 4, maxWaiting: 6 };

function createLog(limits = LIMITS) {
  const inTurn = createFairTurns(limits);
  const order: string[] = [];
  let running = 0;
  const ask = (owner: string, cost = 1, signal = new AbortController().signal): Promise<void> =>
    inTurn({ owner, cost, signal }, async () => {
      running += 1;
      expect(running).toBe(1);
      order.push(owner);
      await new Promise(setImmediate);
      running -= 1;
    });
  return { ask, order };
}

test('one task runs at a time, and owners take turns however many one has', async () => {
  const { ask, order } = createLog();
  await Promise.all([ask('a'), ask('a'), ask('a'), ask('a'), ask('b'), ask('b')]);
  expect(order.slice(0, 4).filter((owner) => owner === 'b')).toHaveLength(2);
});

test('who asks for much waits for those who ask for little', async () => {
  const { ask, order } = createLog();
  await Promise.all([ask('a', 10), ask('a', 10), ask('b'), ask('b'), ask('b')]);
  expect(order.join('')).toBe('abbba');
});

test('a task that fails does not hold up the next, and who left the queue is not run', async () => {
  const inTurn = createFairTurns(LIMITS);
  const { signal } = new AbortController();
  const leaving = new AbortController();
  const failed = inTurn({ owner: 'a', cost: 1, signal }, () => Promise.reject(new Error('no')));
  const left = inTurn({ owner: 'a', cost: 1, signal: leaving.signal }, () =>
    Promise.resolve('ran'),
  );
  const next = inTurn({ owner: 'a', cost: 1, signal }, () => Promise.resolve('next'));
  leaving.abort(new Error('left'));
  await expect(failed).rejects.toThrow('no');
  await expect(left).rejects.toThrow('left');
  expect(await next).toBe('next');
});

test('what is too much is Busy, for one owner and for all', async () => {
  const { ask } = createLog();
  const asked = [ask('a'), ask('a'), ask('a'), ask('a'), ask('a')];
  await expect(ask('a')).rejects.toMatchObject({ reason: 'Busy' });
  asked.push(ask('b'), ask('b'));
  await expect(ask('c')).rejects.toMatchObject({ reason: 'Busy' });
  await Promise.all(asked);
});
