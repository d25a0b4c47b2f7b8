/**
 * Turns a worker's call into the generator a streaming handler returns: its chunks in order, then
 * its result. Leaving the generator early, or aborting `signal`, aborts the signal `start` was given.
 */
export async function* streamFromWorker<C, R>(
  start: (onChunk: (chunk: C) => void, signal: AbortSignal) => Promise<R>,
  signal: AbortSignal,
): AsyncGenerator<C, R, void> {
  const left = new AbortController();
  const chunks: C[] = [];
  const call = { isSettled: false };
  let wake: () => void = () => undefined;
  const onChunk = (chunk: C): void => {
    chunks.push(chunk);
    wake();
  };
  const onSettled = (): void => {
    call.isSettled = true;
    wake();
  };
  const outcome = start(onChunk, AbortSignal.any([signal, left.signal]));
  outcome.then(onSettled, onSettled);
  const news = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  try {
    while (!call.isSettled || chunks.length > 0) {
      if (chunks.length === 0) await news();
      yield* chunks.splice(0);
    }
    return await outcome;
  } finally {
    left.abort();
  }
}
