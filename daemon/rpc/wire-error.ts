import { randomUUID } from 'node:crypto';
import { RpcError, type WireError } from '@locara/protocol';
import { describeError, type Log } from '../log.ts';

/**
 * What the caller is told of a failure. An RpcError is safe to show; an aborted call says why it was
 * aborted; anything else is a bug, logged under an `errorId` that is all the caller gets.
 */
export function toWireError(
  error: unknown,
  context: { readonly log: Log; readonly method: string; readonly signal: AbortSignal },
): WireError {
  const { log, method, signal } = context;
  if (signal.aborted) return toAbortError(signal).toWire();
  if (error instanceof RpcError) {
    // A full disk is the user's to know of, whatever the app makes of it.
    if (error.reason === 'InsufficientResources') {
      log.warn('call.failed', { method, reason: error.reason });
    }
    return error.toWire();
  }
  const errorId = randomUUID();
  log.error('call.bug', { errorId, method, ...describeError(error) });
  return new RpcError(
    'InternalError',
    'Something went wrong inside the daemon; its log says what, by this errorId.',
    {
      errorId,
    },
  ).toWire();
}

/** Why a call was aborted: the reason given when it is ours, else Cancelled. */
function toAbortError(signal: AbortSignal): RpcError {
  return signal.reason instanceof RpcError
    ? signal.reason
    : new RpcError('Cancelled', 'The call was cancelled.');
}
