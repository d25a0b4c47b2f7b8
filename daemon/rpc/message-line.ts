import { LIMITS, type RequestId, RpcError, type WireError } from '@locara/protocol';

export type Answer = { readonly result: unknown } | { readonly error: WireError };

/** A message as its line, without the line ending. Throws PayloadTooLarge when it would pass the limit of the wire. */
export function toLine(message: object): string {
  const line = JSON.stringify(message);
  // The line ending counts here, so that a reader who counts it is content too.
  if (Buffer.byteLength(line) < LIMITS.maxMessageBytes) return line;
  throw new RpcError(
    'PayloadTooLarge',
    'The result is too large for one message; `details.waysOut` names others.',
    {
      details: {
        limitBytes: LIMITS.maxMessageBytes,
        waysOut: ['limit and cursor', 'encoding: "f32"', 'a blob'],
      },
    },
  );
}

/** An answer as its line; an answer that is too large becomes the error that says so. */
export function toAnswerLine(id: RequestId, answer: Answer): string {
  try {
    return toLine({ jsonrpc: '2.0', id, ...answer });
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return JSON.stringify({ jsonrpc: '2.0', id, error: error.toWire() });
  }
}
