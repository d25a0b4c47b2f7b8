import { once } from 'node:events';
import { RpcError, type Progress } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { ProcessExit } from '../../../daemon/workers/worker-process.ts';
import {
  failureOf,
  isProcessRunning,
  untilRunning,
  useEchoWorkers,
} from '../../support/echo-worker.ts';

const { open } = useEchoWorkers();

describe('before a start', () => {
  test('the hook is waited for, and the callers are told that the model loads', async () => {
    const admitted = Promise.withResolvers<undefined>();
    const worker = open({}, { beforeStart: () => admitted.promise });
    const progress: Progress[] = [];
    const call = worker.call('echo', { text: 'a' }, { onProgress: (each) => progress.push(each) });
    expect(worker.status()).toMatchObject({ state: 'starting', pid: 0 });
    admitted.resolve(undefined);
    expect(await call).toEqual({ text: 'a' });
    expect(progress[0]).toEqual({ stage: 'loading' });
  });

  test('what the hook throws answers the calls that wait, and is asked anew by the next', async () => {
    const answers = [new RpcError('InsufficientResources', 'It does not fit.'), undefined];
    const worker = open(
      { maxConcurrent: 2 },
      {
        beforeStart: () => {
          const error = answers.shift();
          return error === undefined ? Promise.resolve() : Promise.reject(error);
        },
      },
    );
    const calls = [
      failureOf(worker.call('echo', { text: '' })),
      failureOf(worker.call('echo', { text: '' })),
    ];
    for (const call of calls) expect((await call).reason).toBe('InsufficientResources');
    expect(worker.status().state).toBe('stopped');
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
  });

  test('the hook is told when nobody waits any more, and a call that comes meanwhile is served', async () => {
    let asked = 0;
    const worker = open(
      {},
      {
        beforeStart: async (signal) => {
          asked += 1;
          if (asked > 1) return;
          await once(signal, 'abort');
          throw new Error('given up');
        },
      },
    );
    const abort = new AbortController();
    const first = failureOf(worker.call('echo', { text: '' }, { signal: abort.signal }));
    abort.abort();
    const second = worker.call('echo', { text: 'b' });
    expect((await first).reason).toBe('Cancelled');
    expect(await second).toEqual({ text: 'b' });
    expect(asked).toBe(2);
  });

  test('a start that is a function is asked every time, after the hook', async () => {
    const steps: string[] = [];
    const exits: ProcessExit[] = [];
    const start = (): object => {
      steps.push('start');
      return {};
    };
    const beforeStart = (): Promise<void> => {
      steps.push('hook');
      return Promise.resolve();
    };
    const worker = open({ start }, { beforeStart, onExit: (exit) => exits.push(exit) });
    await worker.call('echo', { text: '' });
    expect(await worker.stopIfIdle()).toBe(true);
    await worker.call('echo', { text: '' });
    expect(steps).toEqual(['hook', 'start', 'hook', 'start']);
    expect(exits.length).toBe(1);
  });

  test('a start that cannot be described answers the calls, and ends what was admitted', async () => {
    const exits: ProcessExit[] = [];
    const start = () => Promise.reject(new RpcError('NotFound', 'The file is gone.'));
    const worker = open({ start }, { onExit: (exit) => exits.push(exit) });
    expect((await failureOf(worker.call('echo', { text: '' }))).reason).toBe('NotFound');
    expect(exits).toEqual([expect.objectContaining({ pid: 0, end: { cause: 'ended' } })]);
  });
});

describe('idle', () => {
  test('a process that is held outlives its idle time until it is let go', async () => {
    const exited = Promise.withResolvers<ProcessExit>();
    const worker = open({ idleMs: 50 }, { onExit: exited.resolve });
    worker.keepWarm(true);
    await worker.call('echo', { text: '' });
    await expect.poll(() => worker.status().idleForMs).toBeGreaterThan(200);
    expect(worker.status().state).toBe('ready');
    worker.keepWarm(false);
    expect((await exited.promise).end.cause).toBe('ended');
  });

  test('it is stopped on request, held or not, and comes back with the next call', async () => {
    const worker = open();
    worker.keepWarm(true);
    await worker.call('echo', { text: '' });
    const { pid } = worker.status();
    expect(await worker.stopIfIdle()).toBe(true);
    expect(isProcessRunning(pid)).toBe(false);
    expect(worker.status()).toMatchObject({ state: 'stopped', pid: 0, uptimeMs: 0, idleForMs: 0 });
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
  });

  test('a busy process is not stopped', async () => {
    const worker = open();
    const abort = new AbortController();
    const call = failureOf(worker.call('sleep', { ms: 60_000 }, { signal: abort.signal }));
    expect(await worker.stopIfIdle()).toBe(false);
    await untilRunning(worker);
    expect(await worker.stopIfIdle()).toBe(false);
    await expect.poll(() => worker.status().uptimeMs).toBeGreaterThan(300);
    abort.abort();
    await call;
  });

  test('a call that comes while it stops gets the next process', async () => {
    const worker = open();
    await worker.call('echo', { text: '' });
    const stopped = worker.stopIfIdle();
    const call = worker.call('echo', { text: 'a' });
    expect(await stopped).toBe(true);
    expect(await call).toEqual({ text: 'a' });
  });
});

describe('a call that is given up while the process loads', () => {
  test('is answered at once; the others and the process go on', async () => {
    const worker = open({ start: { load: 'slowly' } });
    const abort = new AbortController();
    const cancelled = failureOf(worker.call('echo', { text: '' }, { signal: abort.signal }));
    const other = worker.call('echo', { text: 'b' });
    await expect.poll(() => worker.status().pid).toBeGreaterThan(0);
    const { pid } = worker.status();
    abort.abort();
    expect((await cancelled).reason).toBe('Cancelled');
    expect(worker.status().state).toBe('starting');
    expect(await other).toEqual({ text: 'b' });
    expect(worker.status().pid).toBe(pid);
  });

  test('leaves a process that gets ready and is idle', async () => {
    const worker = open({ start: { load: 'slowly' } });
    const abort = new AbortController();
    const cancelled = failureOf(worker.call('echo', { text: '' }, { signal: abort.signal }));
    await expect.poll(() => worker.status().pid).toBeGreaterThan(0);
    abort.abort();
    await cancelled;
    await expect.poll(() => worker.status().state).toBe('ready');
  });
});

describe('deadlines', () => {
  test('a deadline counts from the arrival, loading included', async () => {
    const worker = open({ start: { load: 'never' } });
    const error = await failureOf(worker.call('echo', { text: '' }, { deadlineMs: 150 }));
    expect(error).toMatchObject({ reason: 'Timeout', details: { timeoutMs: 150 } });
  });

  test('it counts in the queue, and while it runs', async () => {
    const worker = open();
    await worker.call('echo', { text: '' });
    const running = failureOf(worker.call('sleep', { ms: 60_000 }, { deadlineMs: 300 }));
    const queued = failureOf(worker.call('echo', { text: '' }, { deadlineMs: 100 }));
    expect((await queued).details).toEqual({ timeoutMs: 100 });
    expect(worker.status().running).toBe(1);
    expect((await running).details).toEqual({ timeoutMs: 300 });
    await expect.poll(() => worker.status().state).toBe('ready');
  });
});

describe('notify', () => {
  test('reaches a running process ahead of what waits', async () => {
    const exited = Promise.withResolvers<ProcessExit>();
    const worker = open({}, { onExit: exited.resolve });
    const calls = [
      failureOf(worker.call('sleep', { ms: 60_000 })),
      worker.call('echo', { text: 'a' }),
    ];
    await untilRunning(worker);
    worker.notify('crash', {});
    expect((await exited.promise).end.cause).toBe('crashed');
    expect(await calls[0]).toMatchObject({ reason: 'WorkerCrashed' });
    expect(await calls[1]).toEqual({ text: 'a' });
  });

  test('starts nothing, and its answer disturbs no call', async () => {
    const worker = open();
    worker.notify('echo', { text: '' });
    expect(worker.status().state).toBe('stopped');
    await worker.call('echo', { text: '' });
    worker.notify('refuse', {});
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
    expect(worker.status().running).toBe(0);
  });
});
