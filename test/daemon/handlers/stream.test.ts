import { expect, test } from 'vitest';
import { streamFromWorker } from '../../../daemon/handlers/stream.ts';

const never = new AbortController().signal;

async function collect<C, R>(
  stream: AsyncGenerator<C, R, void>,
): Promise<{ chunks: C[]; result: R }> {
  const chunks: C[] = [];
  for (;;) {
    const step = await stream.next();
    if (step.done === true) return { chunks, result: step.value };
    chunks.push(step.value);
  }
}

test('chunks come in order before the result, however they were timed', async () => {
  const stream = streamFromWorker(async (onChunk: (chunk: number) => void) => {
    onChunk(1);
    onChunk(2);
    await Promise.resolve();
    onChunk(3);
    await new Promise((resolve) => setTimeout(resolve, 5));
    onChunk(4);
    return 'done';
  }, never);
  expect(await collect(stream)).toEqual({ chunks: [1, 2, 3, 4], result: 'done' });
});

test('a failure comes after the chunks before it', async () => {
  const chunks: number[] = [];
  const stream = streamFromWorker((onChunk: (chunk: number) => void) => {
    onChunk(1);
    return Promise.reject(new Error('broken'));
  }, never);
  const reading = (async () => {
    for await (const chunk of stream) chunks.push(chunk);
  })();
  await expect(reading).rejects.toThrow('broken');
  expect(chunks).toEqual([1]);
});

test('leaving the stream early aborts the call', async () => {
  let inner: AbortSignal | undefined;
  const stream = streamFromWorker((onChunk: (chunk: number) => void, signal) => {
    inner = signal;
    onChunk(1);
    return new Promise<never>(() => undefined);
  }, never);
  for await (const chunk of stream) {
    expect(chunk).toBe(1);
    break;
  }
  expect(inner?.aborted).toBe(true);
});

test('aborting the outer signal aborts the call', async () => {
  const abort = new AbortController();
  const stream = streamFromWorker<never, string>(
    (_onChunk, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve('stopped');
        });
      }),
    abort.signal,
  );
  const reading = collect(stream);
  abort.abort();
  expect((await reading).result).toBe('stopped');
});
