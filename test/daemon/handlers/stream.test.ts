import { RpcError } from '@locara/protocol';
import { expect, test } from 'vitest';
import type { StreamHooks } from '../../../daemon/handlers/stream.ts';
import { streamFromWorker } from '../../../daemon/handlers/stream.ts';

const never = new AbortController().signal;
const later = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));

test('chunks come in order, all of them before the result', async () => {
  const stream = streamFromWorker<number, string>(never, async ({ onChunk }) => {
    onChunk(0);
    onChunk(1);
    await later();
    onChunk(2);
    await later();
    onChunk(3);
    return 'done';
  });
  expect(await collect(stream)).toEqual({ chunks: [0, 1, 2, 3], result: 'done' });
});

test('chunks that arrive while the consumer is slow are kept', async () => {
  const stream = streamFromWorker<number, string>(never, async ({ onChunk }) => {
    for (let chunk = 0; chunk < 5; chunk++) {
      onChunk(chunk);
      await later();
    }
    return 'done';
  });
  expect(await collect(stream, 4)).toEqual({ chunks: [0, 1, 2, 3, 4], result: 'done' });
});

test('a failure comes after the chunks before it', async () => {
  const stream = streamFromWorker<number, string>(never, ({ onChunk }) => {
    onChunk(7);
    return Promise.reject(new RpcError('WorkerCrashed', 'It died.'));
  });
  expect(await stream.next()).toEqual({ value: 7, done: false });
  await expect(stream.next()).rejects.toMatchObject({ reason: 'WorkerCrashed' });
});

test('return() cancels the call of the worker and leaves no unhandled rejection', async () => {
  let hooks: StreamHooks<number> | undefined;
  const stream = streamFromWorker<number, string>(never, (given) => {
    hooks = given;
    given.onChunk(1);
    return rejectOnAbort(given.signal);
  });
  await stream.next();
  expect(hooks?.signal.aborted).toBe(false);
  await stream.return('ignored');
  expect(hooks?.signal.aborted).toBe(true);
  await later();
});

test('an abort of the caller reaches the worker while a chunk is awaited', async () => {
  const caller = new AbortController();
  const stream = streamFromWorker<number, string>(caller.signal, ({ signal }) =>
    rejectOnAbort(signal),
  );
  const next = expect(stream.next()).rejects.toMatchObject({ reason: 'Cancelled' });
  caller.abort();
  await next;
});

test('the worker is not called before the stream is read', async () => {
  let calls = 0;
  const stream = streamFromWorker<number, string>(never, () => {
    calls++;
    return Promise.resolve('done');
  });
  expect(calls).toBe(0);
  await collect(stream);
  expect(calls).toBe(1);
});

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new RpcError('Cancelled', 'Cancelled.'));
    });
  });
}

async function collect<C, R>(stream: AsyncGenerator<C, R, void>, pauseMs = 0) {
  const chunks: C[] = [];
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return { chunks, result: value };
    chunks.push(value);
    if (pauseMs > 0) await later(pauseMs);
  }
}
