import { RpcError } from '@locara/protocol/errors';

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new RpcError('Cancelled', 'The call was cancelled.');
}
