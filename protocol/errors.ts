/** Every error that may cross the wire. Adding a row updates types, docs and clients. */
export const ERRORS = {
  ParseError: { code: -32700, retryable: false, summary: 'Not JSON, or nested too deeply.' },
  InvalidRequest: { code: -32600, retryable: false, summary: 'Not a JSON-RPC 2.0 request.' },
  MethodNotFound: { code: -32601, retryable: false, summary: 'No such method.' },
  InvalidParams: {
    code: -32602,
    retryable: false,
    summary: 'Params do not match the schema; `details.issues` or `details.rule` says where.',
  },
  InternalError: { code: -32603, retryable: false, summary: 'A bug; quote the `errorId`.' },
  Unauthenticated: {
    code: -32001,
    retryable: false,
    summary: 'No session, or the proof of identity failed.',
  },
  CapabilityDenied: {
    code: -32003,
    retryable: false,
    summary: 'Not declared or not granted; `details` has the capability and its manifest path.',
  },
  NotFound: { code: -32004, retryable: false, summary: 'Absent, or not yours.' },
  Timeout: { code: -32008, retryable: true, summary: "The daemon's own deadline or budget." },
  Conflict: {
    code: -32009,
    retryable: false,
    summary: 'Constraint, wrong offset, second hello, or different history.',
  },
  PayloadTooLarge: { code: -32013, retryable: false, summary: 'Over a stated limit.' },
  UnsupportedMedia: {
    code: -32015,
    retryable: false,
    summary: 'A format that cannot be read here.',
  },
  ContextOverflow: {
    code: -32022,
    retryable: false,
    summary: 'Too many tokens for the model; `details` has the counts.',
  },
  QuotaExceeded: {
    code: -32024,
    retryable: false,
    summary: 'Over the size or daily quota; `details` has limit and use.',
  },
  IncompatibleVersion: {
    code: -32026,
    retryable: false,
    summary: 'No common protocol version; `details.supported` lists them.',
  },
  Busy: {
    code: -32029,
    retryable: true,
    summary: 'Queue or rate is full; wait `details.retryAfterMs`.',
  },
  WorkerCrashed: { code: -32050, retryable: true, summary: 'An engine died under the call.' },
  Unavailable: {
    code: -32053,
    retryable: false,
    summary: 'Starting, draining, model absent, or confinement missing; see `details`.',
  },
  InsufficientResources: {
    code: -32057,
    retryable: false,
    summary: 'Not enough memory or disk; `details` has the numbers.',
  },
  Cancelled: { code: -32800, retryable: false, summary: 'The caller cancelled.' },
} as const;

export type ErrorReason = keyof typeof ERRORS;

export interface RpcErrorOptions {
  readonly details?: Readonly<Record<string, unknown>>;
  /** Overrides the table, for reasons that are sometimes worth another try. */
  readonly retryable?: boolean;
  readonly errorId?: string;
  readonly cause?: unknown;
}

/** The JSON-RPC error object of the wire. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data: {
    readonly reason: ErrorReason;
    readonly retryable: boolean;
    readonly details?: Readonly<Record<string, unknown>>;
    readonly errorId?: string;
  };
}

/** An expected failure, safe to show to the calling app. Anything else thrown is a bug. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly reason: ErrorReason;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly errorId: string | undefined;

  constructor(reason: ErrorReason, message: string, options: RpcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.retryable = options.retryable ?? ERRORS[reason].retryable;
    this.details = options.details;
    this.errorId = options.errorId;
  }

  get code(): number {
    return ERRORS[this.reason].code;
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      data: {
        reason: this.reason,
        retryable: this.retryable,
        ...(this.details === undefined ? {} : { details: this.details }),
        ...(this.errorId === undefined ? {} : { errorId: this.errorId }),
      },
    };
  }
}

export function isErrorReason(value: unknown): value is ErrorReason {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}
