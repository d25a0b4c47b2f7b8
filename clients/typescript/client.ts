import { LIMITS, methods, RpcError } from '@locara/protocol';
import type {
  Chunk,
  MethodName,
  Namespace,
  ParamsInput,
  Result,
  StreamingMethodName,
} from '@locara/protocol';
import { uploadBlob } from './blobs.ts';
import type { BlobSource, UploadOptions } from './blobs.ts';
import { callOnce, callStream } from './call.ts';
import type { CallOptions, CallSpec, StreamOptions } from './call.ts';
import { Connection } from './connection.ts';
import { loadCredentials } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { createEvents } from './events.ts';
import type { Events } from './events.ts';
import { performHandshake } from './handshake.ts';
import type { Prove, Session } from './handshake.ts';
import { Link } from './link.ts';
import type { Opened } from './link.ts';
import { untilClosed } from './deadline.ts';
import { takeChannel } from './channel.ts';
import { openSocket } from './socket.ts';
import type { StreamingCall } from './stream.ts';
import { buildStubs } from './stubs.ts';

export interface ClientOptions {
  /** The credentials file or its content; by default the file that LOCARA_CREDENTIALS names. Read again at each connect. */
  readonly credentials?: string | Credentials | undefined;
  /** Instead of the socket that the credentials name, and of the channel of an app that the daemon launched. */
  readonly socket?: string | undefined;
  /** What the daemon's log calls this client. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** How long to wait for a daemon that is still starting, and for the handshake; 5 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Whether a call after a lost connection opens a new one; true. Lost calls are never repeated. */
  readonly reconnect?: boolean | undefined;
  /** Whether an open connection without a call keeps the process alive until `close`; true. */
  readonly keepAlive?: boolean | undefined;
  /** Signs the handshake where the install key is not in the credentials. */
  readonly prove?: Prove | undefined;
}

/** The handshake is the client's own work, not a call. */
export type CallableMethod = Exclude<MethodName, 'session.hello' | 'session.authenticate'>;

export type OptionsOf<M extends CallableMethod> = M extends StreamingMethodName
  ? StreamOptions<Chunk<M>>
  : CallOptions;
export type AnswerOf<M extends CallableMethod> = M extends StreamingMethodName
  ? StreamingCall<Chunk<M>, Result<M>>
  : Promise<Result<M>>;
export type Stub<M extends CallableMethod> =
  Record<string, never> extends ParamsInput<M>
    ? (params?: ParamsInput<M>, options?: OptionsOf<M>) => AnswerOf<M>
    : (params: ParamsInput<M>, options?: OptionsOf<M>) => AnswerOf<M>;

/** What is under a name: `privacy` has `redact`, a stub, and `budget`, which has stubs of its own. */
type StubsUnder<N extends string> = {
  readonly [
    M in Extract<CallableMethod, `${N}.${string}`> as M extends `${N}.${infer Rest}`
      ? FirstPart<Rest>
      : never
  ]: M extends `${N}.${infer Rest}`
    ? Rest extends `${infer Part}.${string}`
      ? StubsUnder<`${N}.${Part}`>
      : Stub<M>
    : never;
};
type FirstPart<Name extends string> = Name extends `${infer Part}.${string}` ? Part : Name;

export type Stubs = { readonly [N in Namespace]: StubsUnder<N> };

export interface Client extends Stubs, AsyncDisposable {
  /** Connects now instead of at the first call; who this app is, what it may do, and the daemon. */
  connect(): Promise<Session>;
  /** One call by the method's name. */
  call<M extends CallableMethod>(
    method: M,
    params: ParamsInput<M>,
    options?: OptionsOf<M>,
  ): AnswerOf<M>;
  /** Notices of the daemon while connected; the answer stops listening. */
  readonly on: Events['on'];
  /** Uploads bytes of any length; the answer is a committed blob's id. */
  uploadBlob(source: BlobSource, options?: UploadOptions): Promise<string>;
  /** Ends the connection; calls in flight and later ones reject with `ConnectionClosed`. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;

/** A client of locarad. Connects at the first call and proves both ends to each other before anything else is sent. */
export function createClient(options: ClientOptions = {}): Client {
  const events = createEvents();
  const link = new Link(
    (signal) => openSession(options, events, signal),
    options.reconnect ?? true,
  );
  const connect = async (): Promise<Connection> => (await link.get()).connection;
  const call = (method: string, params: object = {}, callOptions: CallOptions = {}): unknown => {
    if (!isCallable(method)) return Promise.reject(unknownMethod(method));
    const spec: CallSpec = methods[method];
    const request = { method, params: { ...params }, spec };
    const start = spec.chunk === undefined ? callOnce : callStream;
    return start(connect, request, callOptions);
  };
  const close = (): Promise<void> => link.close();
  const client = {
    ...buildStubs(CALLABLE_METHODS, (method) => call.bind(undefined, method)),
    call,
    connect: async () => (await link.get()).session,
    on: events.on,
    uploadBlob: (source: BlobSource, upload?: UploadOptions) =>
      uploadBlob((client as unknown as Client).blobs, source, upload),
    close,
    [Symbol.asyncDispose]: close,
  };
  return client as unknown as Client;
}

export const CALLABLE_METHODS: readonly CallableMethod[] = (
  Object.keys(methods) as MethodName[]
).filter((name) => name !== 'session.hello' && name !== 'session.authenticate');

function isCallable(method: string): method is CallableMethod {
  return (CALLABLE_METHODS as readonly string[]).includes(method);
}

function unknownMethod(method: string): RpcError {
  return new RpcError('MethodNotFound', `There is no method ${method}.`);
}

async function openSession(
  options: ClientOptions,
  events: Events,
  signal: AbortSignal,
): Promise<Opened<Session>> {
  const credentials = await loadCredentials(options.credentials);
  const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const channel = options.socket === undefined ? takeChannel(process.env) : undefined;
  const socket =
    channel ?? (await openSocket(options.socket ?? credentials.socket, timeoutMs, signal));
  const connection = new Connection(socket, LIMITS.maxMessageBytesBeforeAuth);
  connection.onNotice = events.emit;
  const { name = 'locara-client', version = '0.1.0', prove } = options;
  const session = await untilClosed(connection, {
    work: performHandshake(connection, credentials, { name, version, prove }),
    timeoutMs,
    signal,
  });
  connection.maxReceiveBytes = LIMITS.maxMessageBytes;
  connection.maxSendBytes = session.limits.maxMessageBytes;
  connection.keepsProcessAlive = options.keepAlive ?? true;
  return { connection, session };
}
