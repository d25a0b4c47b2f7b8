import { type RequestId, RpcError } from '@locara/protocol';

/** A call a peer asks for; its params are not validated yet. */
export interface Request {
  readonly kind: 'request';
  readonly id: RequestId;
  readonly method: string;
  readonly params: unknown;
  readonly progressToken: string | undefined;
}

/** A message of a peer, sorted. */
export type Envelope =
  | Request
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  /** Answered under its own id; the connection goes on. */
  | { readonly kind: 'refused'; readonly id: RequestId; readonly error: RpcError }
  /** No id to answer under: `id: null`, and the connection closes. */
  | { readonly kind: 'invalid'; readonly error: RpcError };

/** An id comes back with every chunk: a long one would multiply. */
const MAX_ID_LENGTH = 256;
const ID_RULE = `An id is a string of at most ${MAX_ID_LENGTH} characters, or an integer within ±2^53.`;

/** Sorts one parsed message by JSON-RPC 2.0 and the contract's stricter rules (no batches, ids unique among open calls). */
export function readEnvelope(message: unknown, isOpen: (id: RequestId) => boolean): Envelope {
  if (Array.isArray(message)) return invalid('Batches are not supported: send one request a line.');
  if (typeof message !== 'object' || message === null) return invalid('A request is an object.');
  const { jsonrpc, id, method, params } = message as Record<string, unknown>;
  if (!Object.hasOwn(message, 'id')) {
    return typeof method === 'string' && jsonrpc === '2.0'
      ? { kind: 'notification', method, params }
      : invalid('The message is neither a request nor a notification of JSON-RPC 2.0.');
  }
  if (!isRequestId(id)) return invalid(ID_RULE);
  if (isOpen(id)) return invalid('This id belongs to a call in flight.');
  if (jsonrpc !== '2.0') return refused(id, 'jsonrpc must be "2.0".');
  if (typeof method !== 'string') return refused(id, 'method must be a string.');
  return readParams(id, method, params);
}

const MAX_TOKEN_LENGTH = 128;

function readParams(id: RequestId, method: string, params: unknown): Envelope {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    return { kind: 'request', id, method, params, progressToken: undefined };
  }
  if (!Object.hasOwn(params, 'progressToken')) {
    return { kind: 'request', id, method, params, progressToken: undefined };
  }
  const { progressToken, ...rest } = params as Record<string, unknown>;
  if (typeof progressToken !== 'string' || progressToken.length > MAX_TOKEN_LENGTH) {
    return { kind: 'refused', id, error: invalidToken() };
  }
  return { kind: 'request', id, method, params: rest, progressToken };
}

function isRequestId(id: unknown): id is RequestId {
  if (typeof id === 'string') return id.length <= MAX_ID_LENGTH;
  return typeof id === 'number' && Number.isSafeInteger(id);
}

function invalid(message: string): Envelope {
  return { kind: 'invalid', error: new RpcError('InvalidRequest', message) };
}

function refused(id: RequestId, message: string): Envelope {
  return { kind: 'refused', id, error: new RpcError('InvalidRequest', message) };
}

function invalidToken(): RpcError {
  const rule = `a string of at most ${MAX_TOKEN_LENGTH} characters`;
  return new RpcError('InvalidParams', 'The progressToken is not valid.', {
    details: { issues: [{ path: 'progressToken', rule }] },
  });
}
