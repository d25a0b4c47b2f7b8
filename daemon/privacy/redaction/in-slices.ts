import { RpcError } from '@locara/protocol/errors';

const SLICE_MS = 4;

/**
 * Resolves in another turn of the event loop, in which no other that waits goes on: what has just come waits for one
 * slice of the others, not for one of each.
 */
export type NextTurn = () => Promise<void>;

export function createTurns(): NextTurn {
  const waiting: (() => void)[] = [];
  const giveTurn = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(giveTurn);
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(giveTurn);
    });
}

/** Runs what pauses (yields) often, and lets others go first every few milliseconds. Throws Cancelled. */
export async function runInSlices<T>(
  work: Iterator<undefined, T>,
  { nextTurn, signal }: { readonly nextTurn: NextTurn; readonly signal: AbortSignal },
): Promise<T> {
  let sliceEndMs = performance.now() + SLICE_MS;
  for (;;) {
    if (signal.aborted) throw new RpcError('Cancelled', 'The search was cancelled.');
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() < sliceEndMs) continue;
    await nextTurn();
    sliceEndMs = performance.now() + SLICE_MS;
  }
}

/** Runs it to its end at once. */
export function runAtOnce<T>(work: Iterator<undefined, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
