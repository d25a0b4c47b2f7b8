/** What a worker call is given: where its chunks go, and when nobody wants them any more. */
export interface StreamHooks<C> {
  readonly signal: AbortSignal;
  readonly onChunk: (chunk: C) => void;
}

/**
 * Turns a call that reports chunks through a callback into the generator a streaming handler is:
 * `const result = yield* streamFromWorker(call.signal, (hooks) => worker.call('op', params, hooks))`.
 * Chunks come in order and all of them before the result or the error. The worker's call is cancelled
 * when `signal` aborts, and when the consumer stops early (`return()`, `break`).
 */
export async function* streamFromWorker<C, R>(
  signal: AbortSignal,
  start: (hooks: StreamHooks<C>) => Promise<R>,
): AsyncGenerator<C, R, void> {
  const abandoned = new AbortController();
  const waiting: C[] = [];
  let wake = Promise.withResolvers<undefined>();
  const outcome = { isSettled: false };

  const result = start({
    signal: AbortSignal.any([signal, abandoned.signal]),
    onChunk: (chunk) => {
      waiting.push(chunk);
      wake.resolve(undefined);
    },
  }).finally(() => {
    outcome.isSettled = true;
    wake.resolve(undefined);
  });
  // A consumer that has left does not await the result; its rejection is then nobody's.
  result.catch(() => undefined);

  try {
    for (;;) {
      yield* waiting.splice(0);
      if (waiting.length > 0) continue;
      if (outcome.isSettled) return await result;
      await wake.promise;
      wake = Promise.withResolvers();
    }
  } finally {
    abandoned.abort();
  }
}
