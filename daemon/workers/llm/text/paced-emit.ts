export interface PacedEmit {
  (delta: string): void;
  /** Sends what is left. */
  flush(): void;
}

/**
 * Joins deltas that come within `intervalMs` of the last message: a small model writes thousands of
 * tokens a second, and a message for each would cost more than the token. The first goes at once, and
 * so does every one of a model slower than the interval.
 */
export function createPacedEmit(
  emit: (delta: string) => void,
  intervalMs: number,
  now: () => number = () => performance.now(),
): PacedEmit {
  let waiting = '';
  let sentAt = -Infinity;
  const flush = (): void => {
    if (waiting === '') return;
    emit(waiting);
    waiting = '';
    sentAt = now();
  };
  const push = (delta: string): void => {
    waiting += delta;
    if (now() - sentAt >= intervalMs) flush();
  };
  return Object.assign(push, { flush });
}
