import { isErrorReason, RpcError } from '@locara/protocol';
import type { ProcessEnd } from './worker-process.ts';
import type { Quarantine } from './worker.ts';

const MAX_MESSAGE_CHARS = 300;

/** The failure a worker reported, which is believed no further than its shape. */
export function fromWorkerError(error: unknown): RpcError {
  if (!isRecord(error) || !isErrorReason(error['reason']) || typeof error['message'] !== 'string') {
    return new RpcError('InternalError', 'The engine failed.');
  }
  const { reason, message, retryable, details } = error;
  return new RpcError(reason, message.slice(0, MAX_MESSAGE_CHARS), {
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(isRecord(details) ? { details } : {}),
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function cancelledError(): RpcError {
  return new RpcError('Cancelled', 'The call was cancelled.');
}

export function busyError(details: {
  readonly retryAfterMs: number;
  readonly queuePosition: number;
}): RpcError {
  return new RpcError('Busy', 'Too many calls are waiting for this engine.', { details });
}

export function crashLoopError({ remainingMs, crashes, reason }: Quarantine): RpcError {
  return new RpcError('Unavailable', reason, {
    retryable: true,
    details: { cause: 'crash-loop', retryAfterMs: remainingMs, crashes },
  });
}

export function closedError(): RpcError {
  return new RpcError('Unavailable', 'The engine is being shut down.', {
    details: { cause: 'closing' },
  });
}

export function crashError(): RpcError {
  return new RpcError('WorkerCrashed', 'The engine died under the call; try again.');
}

/** Why the calls that waited for a process get none. */
export function startError(end: ProcessEnd, startTimeoutMs: number): RpcError {
  switch (end.cause) {
    case 'unsealed':
      return new RpcError(
        'Unavailable',
        'The engine could not be confined, so it was not started.',
        {
          details: { cause: 'confinement', rule: end.message },
        },
      );
    case 'failed':
      return fromWorkerError(end.error);
    case 'start-timeout':
      return new RpcError('Timeout', `The engine did not start in ${startTimeoutMs} ms.`);
    case 'ended':
      return closedError();
    case 'crashed':
      return new RpcError('WorkerCrashed', 'The engine died while it was starting; try again.');
  }
}
