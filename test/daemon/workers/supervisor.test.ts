import type { Progress } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { Worker } from '../../../daemon/workers/worker.ts';
import {
  failureOf,
  isProcessRunning,
  untilRunning,
  useEchoWorkers,
} from '../../support/echo-worker.ts';

const { open } = useEchoWorkers();

describe('calls', () => {
  test('start the process on the first call, and use the same one after it', async () => {
    const worker = open();
    expect(worker.status()).toMatchObject({ state: 'stopped', pid: 0 });
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
    const { pid } = worker.status();
    await worker.call('echo', { text: 'b' });
    expect(worker.status()).toMatchObject({ state: 'ready', pid, device: { why: 'It echoes.' } });
    expect(isProcessRunning(pid)).toBe(true);
  });

  test('stream their chunks in order before the result', async () => {
    const chunks: number[] = [];
    await open().call('count', { to: 100 }, { onChunk: ({ n }) => chunks.push(n) });
    expect(chunks).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  test('tell loading, queued with a position, and the engine’s own progress', async () => {
    const worker = open();
    const first: Progress[] = [];
    const second: Progress[] = [];
    await Promise.all([
      worker.call('count', { to: 1 }, { onProgress: (progress) => first.push(progress) }),
      worker.call('echo', { text: '' }, { onProgress: (progress) => second.push(progress) }),
    ]);
    expect(first).toEqual([{ stage: 'loading' }, { stage: 'running', completed: 0, total: 1 }]);
    expect(second).toContainEqual({ stage: 'queued', queuePosition: 2 });
  });

  test('run side by side up to maxConcurrent', async () => {
    const worker = open({ maxConcurrent: 2 });
    const abort = new AbortController();
    const calls = [1, 2, 3].map(() =>
      failureOf(worker.call('sleep', { ms: 60_000 }, { signal: abort.signal })),
    );
    await untilRunning(worker, 2);
    expect(worker.status().queued).toBe(1);
    abort.abort();
    for (const call of calls) expect((await call).reason).toBe('Cancelled');
  });

  test('are refused as Busy when the queue is full', async () => {
    const worker = open({ maxQueued: 1 });
    const waiting = [worker.call('echo', { text: '' }), worker.call('echo', { text: '' })];
    const error = await failureOf(worker.call('echo', { text: '' }));
    expect(error.reason).toBe('Busy');
    expect(error.details).toEqual({ retryAfterMs: expect.any(Number) as number, queuePosition: 3 });
    await Promise.all(waiting);
  });
});

describe('errors of the engine', () => {
  test('an RpcError keeps reason, message and details', async () => {
    const error = await failureOf(open().call('refuse', {}));
    expect(error).toMatchObject({
      reason: 'Conflict',
      message: 'No.',
      details: { rule: 'never' },
      retryable: false,
    });
  });

  test('any other error is an InternalError without its text', async () => {
    const error = await failureOf(open().call('bug', { secret: 'canary-string' }));
    expect(error.reason).toBe('InternalError');
    expect(JSON.stringify(error.toWire())).not.toContain('canary-string');
  });

  test('a result that can not be sent is an InternalError, and the process lives on', async () => {
    const worker = open();
    expect((await failureOf(worker.call('uncloneable', {}))).reason).toBe('InternalError');
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
  });

  test('an unknown operation is an InternalError', async () => {
    const worker = open() as unknown as Worker<
      Record<string, { params: object; chunk: never; result: never }>
    >;
    expect((await failureOf(worker.call('toString', {}))).reason).toBe('InternalError');
    expect((await failureOf(worker.call('constructor', {}))).reason).toBe('InternalError');
  });

  test('a listener that throws fails its own call only', async () => {
    const worker = open();
    const call = worker.call(
      'count',
      { to: 3 },
      {
        onChunk: () => {
          throw new Error('the caller is broken');
        },
      },
    );
    await expect(call).rejects.toThrow('the caller is broken');
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
  });
});

describe('cancel and timeout', () => {
  test('a cancelled call answers Cancelled, and the process stays when it listens', async () => {
    const worker = open();
    const abort = new AbortController();
    const call = worker.call('sleep', { ms: 60_000 }, { signal: abort.signal });
    await untilRunning(worker);
    const { pid } = worker.status();
    abort.abort();
    expect((await failureOf(call)).reason).toBe('Cancelled');
    await worker.call('echo', { text: '' });
    expect(worker.status().pid).toBe(pid);
  });

  test('an operation that is deaf to cancel is killed after the grace, and the next call works', async () => {
    const worker = open();
    const abort = new AbortController();
    const call = worker.call('spin', { ms: 60_000 }, { signal: abort.signal });
    await untilRunning(worker);
    const { pid } = worker.status();
    abort.abort();
    expect((await failureOf(call)).reason).toBe('Cancelled');
    // The answer came at once: the grace is not over yet.
    expect(worker.status().pid).toBe(pid);
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
    expect(worker.status().pid).not.toBe(pid);
    expect(isProcessRunning(pid)).toBe(false);
  });

  test('with cancel by kill, the others run again unless they have sent a chunk', async () => {
    const worker = open({ cancel: 'kill', maxConcurrent: 3 });
    const abort = new AbortController();
    const cancelled = worker.call('spin', { ms: 0 }).then(() => {
      const pid = worker.status().pid;
      return { pid };
    });
    const { pid } = await cancelled;
    const killed = worker.call('snooze', { ms: 60_000 }, { signal: abort.signal });
    const silent = worker.call('snooze', { ms: 2500 });
    const streamed = Promise.withResolvers<unknown>();
    const streaming = worker.call(
      'snooze',
      { ms: 2500, chunk: true },
      { onChunk: streamed.resolve },
    );
    expect(await streamed.promise).toEqual({ n: 1 });
    abort.abort();
    expect((await failureOf(killed)).reason).toBe('Cancelled');
    expect((await failureOf(streaming)).reason).toBe('WorkerCrashed');
    expect((await silent).pid).not.toBe(pid);
  });

  test('a call cancelled in the queue never runs', async () => {
    const worker = open();
    const abort = new AbortController();
    const first = worker.call('sleep', { ms: 300 });
    const queued = worker.call('crash', {}, { signal: abort.signal });
    abort.abort();
    expect((await failureOf(queued)).reason).toBe('Cancelled');
    await first;
    expect(worker.status()).toMatchObject({ state: 'ready', queued: 0 });
  });

  test('a call that was cancelled before it was made starts nothing', async () => {
    const worker = open();
    const call = worker.call('echo', { text: '' }, { signal: AbortSignal.abort() });
    expect((await failureOf(call)).reason).toBe('Cancelled');
    expect(worker.status().state).toBe('stopped');
  });

  test('a call past its deadline answers Timeout and is stopped', async () => {
    const worker = open();
    const error = await failureOf(worker.call('sleep', { ms: 60_000 }, { timeoutMs: 200 }));
    expect(error).toMatchObject({ reason: 'Timeout', retryable: true });
    await expect.poll(() => worker.status().state).toBe('ready');
  });
});
