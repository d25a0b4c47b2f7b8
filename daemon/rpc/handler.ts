import type {
  Capability,
  Chunk,
  MethodName,
  MethodOf,
  Methods,
  Namespace,
  Params,
  Progress,
  Result,
  StreamingMethodName,
} from '@locara/protocol';
import type { Handshake } from '../access/handshake.ts';
import type { Session } from '../access/session.ts';

/** What a handler knows about one in-flight call. */
export interface SessionCall {
  readonly session: Session;
  /** Aborted by `$/cancel`, by closing the connection, and by revocation. */
  readonly signal: AbortSignal;
  /** The second check, for rights that depend on parameters. Throws CapabilityDenied. */
  require(capability: Capability): void;
  /** Tells the caller where its call stands, if it asked with a `progressToken`. */
  progress(progress: Progress): void;
}

/** A call that needs no session: the handshake and the two public methods. */
export interface ConnectionCall {
  readonly handshake: Handshake;
  readonly signal: AbortSignal;
}

type CallOf<M extends MethodName> = Methods[M]['requires'] extends 'connection'
  ? ConnectionCall
  : SessionCall;

export type Handler<M extends MethodName> = M extends StreamingMethodName
  ? (params: Params<M>, call: CallOf<M>) => AsyncGenerator<Chunk<M>, Result<M>, void>
  : (params: Params<M>, call: CallOf<M>) => Result<M> | Promise<Result<M>>;

/** The handlers of these methods, as of one table of the protocol. */
export type HandlersOf<M extends MethodName> = { readonly [N in M]: Handler<N> };

/** Every handler of one namespace; a missing or misspelt method is a compile error. */
export type Handlers<N extends Namespace = Namespace> = { readonly [M in MethodOf<N>]: Handler<M> };
