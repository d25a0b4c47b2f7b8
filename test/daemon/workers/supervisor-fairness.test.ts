import type { Progress } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { failureOf, untilRunning, useEchoWorkers } from '../../support/echo-worker.ts';

const { open } = useEchoWorkers();

describe('bounds', () => {
  test('an app that floods is Busy while others still get in', async () => {
    const worker = open({ maxQueued: 8, maxQueuedPerApp: 2 });
    const flood = Array.from({ length: 3 }, () =>
      worker.call('sleep', { ms: 20 }, { app: 'flood' }),
    );
    const refused = await failureOf(worker.call('echo', { text: '' }, { app: 'flood' }));
    expect(refused.reason).toBe('Busy');
    expect(await worker.call('echo', { text: 'a' }, { app: 'modest' })).toEqual({ text: 'a' });
    await Promise.all(flood);
  });

  test('the time to come back after follows the measured calls', async () => {
    const worker = open({ maxQueued: 1 });
    for (let n = 0; n < 3; n += 1) await worker.call('sleep', { ms: 400 });
    const calls = [1, 2].map(() => worker.call('sleep', { ms: 400 }));
    const { details } = await failureOf(worker.call('echo', { text: '' }));
    expect(details?.['retryAfterMs']).toBeGreaterThan(300);
    expect(details?.['retryAfterMs']).toBeLessThanOrEqual(30_000);
    await Promise.all(calls);
  });
});

test('a newcomer joins the calls of an app that holds every place', async () => {
  const worker = open({ maxConcurrent: 2, maxOvercommit: 1 });
  const abort = new AbortController();
  const flood = Array.from({ length: 4 }, () =>
    failureOf(worker.call('sleep', { ms: 60_000 }, { app: 'flood', signal: abort.signal })),
  );
  await untilRunning(worker, 2);
  expect(await worker.call('echo', { text: 'a' }, { app: 'modest' })).toEqual({ text: 'a' });
  expect(worker.status()).toMatchObject({ running: 2, queued: 2 });
  abort.abort();
  await Promise.all(flood);
});

test('dear calls of one app wait while cheap ones of another catch up', async () => {
  const worker = open({ maxQueued: 64 });
  const order: string[] = [];
  const call = (app: string, cost: number) =>
    worker.call('echo', { text: '' }, { app, cost }).then(() => order.push(app));
  await Promise.all([
    ...Array.from({ length: 3 }, () => call('dear', 4)),
    ...Array.from({ length: 8 }, () => call('cheap', 1)),
  ]);
  expect(order.join(' ')).toBe('dear cheap cheap cheap cheap dear cheap cheap cheap cheap dear');
});

test('what a call truly took counts, not what it was guessed to take', async () => {
  const worker = open({ maxQueued: 64 });
  const order: string[] = [];
  const call = (app: string, costOf: () => number) =>
    worker.call('echo', { text: '' }, { app, cost: 1, costOf }).then(() => order.push(app));
  await Promise.all([
    ...Array.from({ length: 2 }, () => call('dear', () => 4)),
    ...Array.from({ length: 6 }, () => call('cheap', () => 1)),
  ]);
  expect(order.slice(0, 6).join(' ')).toBe('dear cheap cheap cheap cheap dear');
});

test('a wrong tale of the cost fails no call', async () => {
  const costOf = (): number => {
    throw new Error('no such field');
  };
  expect(await open().call('echo', { text: 'a' }, { costOf })).toEqual({ text: 'a' });
  expect(await open().call('echo', { text: 'a' }, { costOf: () => NaN, cost: NaN })).toEqual({
    text: 'a',
  });
});

test('a thousand waiting calls are told their places as the queue moves', async () => {
  const worker = open({ maxQueued: 1000 });
  const last: Progress[] = [];
  const calls = Array.from({ length: 1000 }, (_, index) =>
    worker.call(
      'echo',
      { text: '' },
      index === 999 ? { onProgress: (progress) => last.push(progress) } : {},
    ),
  );
  await Promise.all(calls);
  const places = last.flatMap(({ queuePosition }) => queuePosition ?? []);
  expect(places[0]).toBe(1000);
  expect(places).toEqual(places.toSorted((a, b) => b - a));
});
