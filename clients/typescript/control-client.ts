import { controlMethods } from '@locara/protocol';
import type {
  ControlMethodName,
  ControlMethodOf,
  ControlNamespace,
  ControlParamsInput,
  ControlResult,
} from '@locara/protocol';
import { callOnce } from './call.ts';
import type { CallOptions } from './call.ts';
import { Connection } from './connection.ts';
import { Link } from './link.ts';
import { openSocket } from './socket.ts';
import { buildStubs } from './stubs.ts';

export interface ControlClientOptions {
  readonly socket: string;
  /** How long to wait for a daemon that is still starting; 0. */
  readonly connectTimeoutMs?: number | undefined;
}

type ControlStub<M extends ControlMethodName> =
  Record<string, never> extends ControlParamsInput<M>
    ? (params?: ControlParamsInput<M>, options?: CallOptions) => Promise<ControlResult<M>>
    : (params: ControlParamsInput<M>, options?: CallOptions) => Promise<ControlResult<M>>;

export type ControlStubs = {
  readonly [N in ControlNamespace]: {
    readonly [
      M in ControlMethodOf<N> as M extends `${N}.${infer Verb}` ? Verb : never
    ]: ControlStub<M>;
  };
};

/** The user's own side of the daemon: no handshake, the daemon checks who is on the other end of the socket. */
export interface ControlClient extends ControlStubs, AsyncDisposable {
  call<M extends ControlMethodName>(
    method: M,
    params: ControlParamsInput<M>,
    options?: CallOptions,
  ): Promise<ControlResult<M>>;
  close(): Promise<void>;
}

export function createControlClient(options: ControlClientOptions): ControlClient {
  const link = new Link(async (signal) => {
    const socket = await openSocket(options.socket, options.connectTimeoutMs ?? 0, signal);
    return { connection: new Connection(socket), session: undefined };
  }, true);
  const connect = async (): Promise<Connection> => (await link.get()).connection;
  const call = (method: string, params: object = {}, callOptions: CallOptions = {}): unknown => {
    const spec = controlMethods[method as ControlMethodName];
    return callOnce(connect, { method, params: { ...params }, spec }, callOptions);
  };
  const close = (): Promise<void> => link.close();
  const client = {
    ...buildStubs(Object.keys(controlMethods), (method) => call.bind(undefined, method)),
    call,
    close,
    [Symbol.asyncDispose]: close,
  };
  return client as unknown as ControlClient;
}
