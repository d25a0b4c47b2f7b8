import { LIMITS, RpcError } from '@locara/protocol';

/** Throws when a connection with so many calls in flight, or a daemon that is stopping, takes no more. */
export function assertMayCall(openCalls: number, isDraining: boolean): void {
  if (openCalls >= LIMITS.maxCallsPerConnection) {
    throw new RpcError(
      'Busy',
      'Too many calls are in flight on this connection: wait for an answer first.',
      { details: { retryAfterMs: 100 } },
    );
  }
  if (isDraining) {
    throw new RpcError('Unavailable', 'The daemon is stopping: connect again when it is back.', {
      retryable: true,
      details: { state: 'draining' },
    });
  }
}
