import { expect, onTestFinished, test } from 'vitest';
import { createLimitedProcesses } from '../../../../daemon/stores/processes/limited-processes.ts';
import {
  failureOf,
  isProcessRunning,
  untilRunning,
  useEchoWorkers,
} from '../../../support/echo-worker.ts';

const { open } = useEchoWorkers();

/** Workers of which only so many have a process at once. */
function openLimited(maxOpen: number, waitMs = 20_000) {
  const create = createLimitedProcesses({
    maxOpen,
    waitMs,
    createWorker: (spec, hooks) => open({ ...spec, start: {} }, hooks),
  });
  return (model: string) => {
    const worker = create({
      kind: 'canary',
      model,
      start: {},
      cancel: 'kill',
      cancelGraceMs: 0,
      startTimeoutMs: 20_000,
      idleMs: 60_000,
      maxConcurrent: 1,
      maxQueued: 4,
    });
    onTestFinished(() => worker.close());
    return worker;
  };
}

const echo = { text: 'x' };

test('the store that has been idle longest makes room for a newcomer', async () => {
  const openStore = openLimited(2);
  const [oldest, middle, newest] = ['a', 'b', 'c'].map(openStore) as [
    ReturnType<typeof openStore>,
    ReturnType<typeof openStore>,
    ReturnType<typeof openStore>,
  ];
  await oldest.call('echo', echo);
  const { pid } = oldest.status();
  await middle.call('echo', echo);
  expect(await newest.call('echo', echo)).toEqual(echo);
  expect(isProcessRunning(pid)).toBe(false);
  expect([oldest, middle, newest].map((worker) => worker.status().state)).toEqual([
    'stopped',
    'ready',
    'ready',
  ]);
});

test('a newcomer waits while all are busy, and begins when one has answered', async () => {
  const openStore = openLimited(1);
  const [busy, newcomer] = [openStore('a'), openStore('b')];
  const long = busy.call('snooze', { ms: 300 });
  await untilRunning(busy);
  const order: string[] = [];
  const answers = [
    long.then(() => order.push('busy')),
    newcomer.call('echo', echo).then(() => order.push('newcomer')),
  ];
  await Promise.all(answers);
  expect(order).toEqual(['busy', 'newcomer']);
  expect(busy.status().pid).toBe(0);
});

test('a newcomer is told Busy when none becomes idle in time, and may come again', async () => {
  const openStore = openLimited(1, 50);
  const [busy, newcomer] = [openStore('a'), openStore('b')];
  const long = busy.call('snooze', { ms: 1000 });
  await untilRunning(busy);
  const { reason, details } = await failureOf(newcomer.call('echo', echo));
  expect([reason, details]).toEqual(['Busy', { retryAfterMs: 1000 }]);
  await long;
  expect(await newcomer.call('echo', echo)).toEqual(echo);
});

test('a newcomer that gives up leaves its place in the line to the next', async () => {
  const openStore = openLimited(1);
  const [busy, leaving, next] = [openStore('a'), openStore('b'), openStore('c')];
  const long = busy.call('snooze', { ms: 300 });
  await untilRunning(busy);
  const abort = new AbortController();
  const left = failureOf(leaving.call('echo', echo, { signal: abort.signal }));
  const answer = next.call('echo', echo);
  abort.abort();
  expect((await left).reason).toBe('Cancelled');
  await long;
  expect(await answer).toEqual(echo);
  expect(leaving.status().pid).toBe(0);
});

test('a killed process gives its place back', async () => {
  const openStore = openLimited(1);
  const [killed, newcomer] = [openStore('a'), openStore('b')];
  await killed.call('echo', echo);
  process.kill(killed.status().pid, 'SIGKILL');
  expect(await newcomer.call('echo', echo)).toEqual(echo);
});

test('many stores share few places, and every call is answered', async () => {
  const openStore = openLimited(2);
  const stores = Array.from({ length: 6 }, (_, index) => openStore(`s${index}`));
  const countRunning = () => stores.filter((store) => store.status().pid !== 0).length;
  const most: number[] = [];
  const answers = await Promise.all(
    stores.map(async (store) => {
      const answer = await store.call('echo', echo);
      most.push(countRunning());
      return answer;
    }),
  );
  expect(answers).toEqual(stores.map(() => echo));
  expect(Math.max(...most)).toBeLessThanOrEqual(2);
});
