import { RpcError } from '@locara/protocol/errors';
import { LIMITS } from '@locara/protocol/limits';

// Room for the envelope, escapes and keys around what is counted.
const MAX_RESULT_BYTES = LIMITS.maxMessageBytes - 512 * 1024;
const MAX_RESULT_VALUES = LIMITS.maxMessageValues - 1024;

/** Counts what a result will take on the wire, so that one that cannot be sent stops growing. */
export interface ResultBudget {
  /** Throws PayloadTooLarge, naming the way out, when the message would be too large. */
  spend(bytes: number, values?: number): void;
}

export function createResultBudget(wayOut: string): ResultBudget {
  let bytesLeft = MAX_RESULT_BYTES;
  let valuesLeft = MAX_RESULT_VALUES;
  return {
    spend: (bytes, values = 1) => {
      bytesLeft -= bytes;
      valuesLeft -= values;
      if (bytesLeft >= 0 && valuesLeft >= 0) return;
      throw new RpcError('PayloadTooLarge', 'The result is too large for one message.', {
        details: { limitBytes: MAX_RESULT_BYTES, limitValues: MAX_RESULT_VALUES, wayOut },
      });
    },
  };
}
