import { RpcError } from '@locara/protocol';

/** Where a model stands that found no room. */
export interface MemoryNumbers {
  readonly model: string;
  readonly neededBytes: number;
  readonly limitBytes: number;
  readonly heldBytes: number;
  readonly availableBytes: number;
}

const RETRY_AFTER_MS = 5000;
/** What is free is told coarsely: to the byte it would tell what other apps do. */
const STEP_BYTES = 64 * 2 ** 20;

/** The model is larger than all that models may take. */
export function neverFitsError(numbers: MemoryNumbers): RpcError {
  const message = 'The model does not fit into the memory of this computer.';
  return new RpcError('InsufficientResources', message, { details: toDetails(numbers) });
}

/** It would fit, did other programs not hold the memory. */
export function noRoomError(numbers: MemoryNumbers): RpcError {
  const message = 'Other programs hold the memory that the model needs: close some and try again.';
  return new RpcError('InsufficientResources', message, { details: toDetails(numbers) });
}

export function busyError(numbers: MemoryNumbers): RpcError {
  const message = 'Models that are busy hold the memory that this one needs.';
  const details = { ...toDetails(numbers), retryAfterMs: RETRY_AFTER_MS };
  return new RpcError('Busy', message, { details });
}

export function cancelledError(): RpcError {
  return new RpcError('Cancelled', 'The call was cancelled.');
}

function toDetails({ model, neededBytes, limitBytes, availableBytes }: MemoryNumbers) {
  return {
    resource: 'memory',
    model,
    neededBytes,
    limitBytes,
    availableBytes: Math.floor(Math.max(0, availableBytes) / STEP_BYTES) * STEP_BYTES,
  };
}
