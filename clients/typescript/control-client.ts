import { controlMethods } from '@locara/protocol';
import type {
  ControlChunk,
  ControlMethodName,
  ControlMethodOf,
  ControlNamespace,
  ControlParamsInput,
  ControlResult,
  ControlStreamingMethodName,
} from '@locara/protocol';
import { callOnce, callStream } from './call.ts';
import type { CallOptions, CallSpec, StreamOptions } from './call.ts';
import { Connection } from './connection.ts';
import { Link } from './link.ts';
import { openSocket } from './socket.ts';
import type { StreamingCall } from './stream.ts';
import { buildStubs } from './stubs.ts';

export interface ControlClientOptions {
  readonly socket: string;
  /** How long to wait for a daemon that is still starting; 0. */
  readonly connectTimeoutMs?: number | undefined;
}

type ControlOptionsOf<M extends ControlMethodName> = M extends ControlStreamingMethodName
  ? StreamOptions<ControlChunk<M>>
  : CallOptions;
type ControlAnswerOf<M extends ControlMethodName> = M extends ControlStreamingMethodName
  ? StreamingCall<ControlChunk<M>, ControlResult<M>>
  : Promise<ControlResult<M>>;
type ControlStub<M extends ControlMethodName> =
  Record<string, never> extends ControlParamsInput<M>
    ? (params?: ControlParamsInput<M>, options?: ControlOptionsOf<M>) => ControlAnswerOf<M>
    : (params: ControlParamsInput<M>, options?: ControlOptionsOf<M>) => ControlAnswerOf<M>;

/** The methods that answer once. */
export type ControlCallName = Exclude<ControlMethodName, ControlStreamingMethodName>;

export type ControlStubs = {
  readonly [N in ControlNamespace]: {
    readonly [
      M in ControlMethodOf<N> as M extends `${N}.${infer Verb}` ? Verb : never
    ]: ControlStub<M>;
  };
};

/** The user's own side of the daemon: no handshake, the daemon checks who is on the other end of the socket. */
export interface ControlClient extends ControlStubs, AsyncDisposable {
  call<M extends ControlCallName>(
    method: M,
    params: ControlParamsInput<M>,
    options?: CallOptions,
  ): Promise<ControlResult<M>>;
  /** A method with chunks: await it for the result, iterate it for the chunks. */
  stream<M extends ControlStreamingMethodName>(
    method: M,
    params: ControlParamsInput<M>,
    options?: StreamOptions<ControlChunk<M>>,
  ): StreamingCall<ControlChunk<M>, ControlResult<M>>;
  close(): Promise<void>;
}

export function createControlClient(options: ControlClientOptions): ControlClient {
  const link = new Link(async (signal) => {
    const socket = await openSocket(options.socket, options.connectTimeoutMs ?? 0, signal);
    return { connection: new Connection(socket), session: undefined };
  }, true);
  const connect = async (): Promise<Connection> => (await link.get()).connection;
  const call = (method: string, params: object = {}, callOptions: CallOptions = {}): unknown => {
    const spec: CallSpec = controlMethods[method as ControlMethodName];
    const start = spec.chunk === undefined ? callOnce : callStream;
    return start(connect, { method, params: { ...params }, spec }, callOptions);
  };
  const close = (): Promise<void> => link.close();
  const client = {
    ...buildStubs(Object.keys(controlMethods), (method) => call.bind(undefined, method)),
    call,
    stream: call,
    close,
    [Symbol.asyncDispose]: close,
  };
  return client as unknown as ControlClient;
}
