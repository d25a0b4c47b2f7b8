import { RpcError } from '@locara/protocol';

/** What was asked for beside what is there. */
interface Overrun {
  readonly limit: number;
  readonly used: number;
}

const CALL_RETRY_MS = 250;

export function tooManyCalls({ limit, used }: Overrun): RpcError {
  const message = 'This app has as many inference calls open as it may: wait for one to end.';
  const details = { quota: 'concurrentCalls', limit, used, retryAfterMs: CALL_RETRY_MS };
  return new RpcError('Busy', message, { details });
}

export function minuteIsFull(overrun: Overrun, retryAfterMs: number): RpcError {
  const message = 'This app has used its tokens of the last minute: wait, then call again.';
  const { limit, used } = overrun;
  const details = { quota: 'tokensPerMinute', limit, used, retryAfterMs: Math.ceil(retryAfterMs) };
  return new RpcError('Busy', message, { details });
}

export function dayIsFull({ limit, used }: Overrun, resetsAt: Date): RpcError {
  const message = 'This app has used its tokens of the last 24 hours: call again later.';
  const details = { quota: 'tokensPerDay', limit, used, resetsAt: resetsAt.toISOString() };
  return new RpcError('QuotaExceeded', message, { details });
}

/** Waiting would not help. */
export function neverFits(
  quota: 'tokensPerMinute' | 'tokensPerDay',
  { limit, used, asked }: Overrun & { readonly asked: number },
): RpcError {
  const message = 'This call alone takes more tokens than this app may use: send less text.';
  return new RpcError('QuotaExceeded', message, { details: { quota, limit, used, asked } });
}
