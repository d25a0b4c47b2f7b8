import { RpcError } from '@locara/protocol/errors';

export interface Deadline {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** As `untilAborted`, and rejects with Timeout once the time is over. */
export async function settleInTime<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new RpcError('Timeout', `The recogniser did not answer in ${deadline.timeoutMs} ms.`));
  }, deadline.timeoutMs);
  try {
    return await untilAborted(Promise.race([work, late]), deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Settles as `work` does, or rejects with Cancelled at once, whether or not `work` ever settles. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const cancel = (): void => {
    reject(new RpcError('Cancelled', 'The recognition was cancelled.'));
  };
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
