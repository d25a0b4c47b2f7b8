import { ERRORS, isErrorReason, RpcError } from '@locara/protocol';
import type { ErrorReason } from '@locara/protocol';

/** Failures on this side of the socket. What the daemon answers is an RpcError. */
export type ClientErrorCode =
  | 'ConnectFailed'
  | 'ConnectionClosed'
  | 'RequestTimeout'
  | 'InvalidResponse'
  | 'IncompatibleVersion'
  | 'DaemonNotTrusted'
  | 'CredentialsMissing'
  | 'ProtectionUnavailable';

/** A failure that never was on the wire; switch on `code`. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The error object of the wire as an RpcError; what is not one becomes `InvalidResponse`. */
export function toRpcError(wire: unknown): RpcError | ClientError {
  if (!isRecord(wire) || typeof wire['code'] !== 'number' || typeof wire['message'] !== 'string') {
    return new ClientError('InvalidResponse', 'The daemon sent an error of unknown shape.');
  }
  const fields = isRecord(wire['data']) ? wire['data'] : {};
  const { reason, retryable, details, errorId } = fields;
  const known = isErrorReason(reason) ? reason : reasonOfCode(wire['code']);
  return new RpcError(known, wire['message'], {
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(isRecord(details) ? { details } : {}),
    ...(typeof errorId === 'string' ? { errorId } : {}),
  });
}

/** A newer daemon may know reasons that this client does not: its code decides then. */
function reasonOfCode(code: number): ErrorReason {
  const found = Object.entries(ERRORS).find(([, row]) => row.code === code)?.[0];
  return isErrorReason(found) ? found : 'InternalError';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
