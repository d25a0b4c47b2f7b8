import { RpcError } from '@locara/protocol';

/** The time that a caller gives its call, from its arrival to its answer. */
export interface CallDeadline extends Disposable {
  /** Aborted by the caller, and when the time is up. */
  readonly signal: AbortSignal;
  /** Never less than 1; undefined without a deadline. */
  remainingMs(): number | undefined;
  /** What the caller is told of an error: Timeout, where the deadline is what cancelled its call. */
  explain(error: unknown): unknown;
}

/** Begins to count now; without `timeoutMs` it never ends a call. Disposing stops the clock. */
export function startDeadline(signal: AbortSignal, timeoutMs?: number): CallDeadline {
  if (timeoutMs === undefined) {
    return {
      signal,
      remainingMs: () => undefined,
      explain: (error) => error,
      [Symbol.dispose]: () => undefined,
    };
  }
  const over = new AbortController();
  const endsAt = performance.now() + timeoutMs;
  const timer = setTimeout(() => {
    over.abort();
  }, timeoutMs).unref();
  return {
    signal: AbortSignal.any([signal, over.signal]),
    remainingMs: () => Math.max(1, Math.ceil(endsAt - performance.now())),
    explain: (error) => (over.signal.aborted && !signal.aborted ? timedOut(timeoutMs) : error),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}

function timedOut(timeoutMs: number): RpcError {
  const message = `The call was not done in the ${timeoutMs} ms that it was given.`;
  return new RpcError('Timeout', message, { details: { timeoutMs } });
}
