import { expect, test } from 'vitest';
import { type OneRun, runOnce, type RunOutcome } from '../../../daemon/workers/run-once.ts';
import { ECHO } from '../../support/echo-worker.ts';

function run(op: string, params: unknown, limits: Partial<OneRun> = {}): Promise<RunOutcome> {
  return runOnce({ entry: ECHO, op, params, timeoutMs: 60_000, maxHeapMib: 128, ...limits });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('the process answers once and is gone when its answer is told', async () => {
  const outcome = await run('count', { to: 0 });
  if (outcome.cause !== 'result') throw new Error(outcome.cause);
  const { pid } = outcome.result as { readonly pid: number };
  expect(pid).toBeGreaterThan(0);
  expect(isAlive(pid)).toBe(false);
});

test('every run has a process of its own', async () => {
  const runs = await Promise.all([run('count', { to: 0 }), run('count', { to: 0 })]);
  const pids = runs.map((one) => (one.cause === 'result' ? JSON.stringify(one.result) : one.cause));
  expect(new Set(pids).size).toBe(2);
});

test('attack 26: a process that hangs in a loop is killed when its time is over', async () => {
  const start = performance.now();
  expect(await run('spin', { ms: 600_000 }, { timeoutMs: 3000 })).toEqual({ cause: 'timeout' });
  // Far below the ten minutes of the loop, and far above what a busy machine adds.
  expect(performance.now() - start).toBeLessThan(60_000);
});

test('a process that never gets ready is killed too', async () => {
  expect(await run('echo', { text: '' }, { timeoutMs: 1 })).toEqual({ cause: 'timeout' });
});

test('a process that dies is told as crashed', async () => {
  expect(await run('crash', {})).toEqual({ cause: 'crashed' });
});

test('a process that needs more memory than it may have is told as crashed', async () => {
  expect(await run('echo', { text: '' }, { maxHeapMib: 2 })).toEqual({ cause: 'crashed' });
});

test('a refusal is told as such', async () => {
  const outcome = await run('refuse', {});
  expect(outcome).toMatchObject({ cause: 'error', error: { reason: 'Conflict' } });
});
