import { RpcError } from '@locara/protocol';
import type { Progress } from '@locara/protocol';
import type { Connection, PendingCall } from './connection.ts';
import { ClientError } from './errors.ts';
import { CallStream, ChunkQueue, HIGH_WATER_CHUNKS } from './stream.ts';
import type { StreamingCall } from './stream.ts';

export interface CallOptions {
  /** Aborting asks the daemon to stop; the call then ends with its answer, normally RpcError `Cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** After this time the call ends here with ClientError `RequestTimeout`, and the daemon is told to stop. */
  readonly timeoutMs?: number | undefined;
  /** Where the call stands: queued, loading a model, running. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface StreamOptions<C> extends CallOptions {
  readonly onChunk?: ((chunk: C, sequence: number) => void) | undefined;
}

interface Parser {
  safeParse(value: unknown): { success: true; data: unknown } | { success: false };
}

/** What a call needs to know of its row in the method table. */
export interface CallSpec {
  readonly result: Parser;
  readonly chunk?: Parser;
}

export interface CallRequest {
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly spec: CallSpec;
}

export type Connect = () => Promise<Connection>;

/** The result as the table has it; `InvalidResponse` when the daemon sent something else. */
export function parseResult({ result }: CallSpec, value: unknown): unknown {
  return parseWith(result, value, 'a result');
}

/** A call of a method that answers once. */
export function callOnce(
  connect: Connect,
  request: CallRequest,
  options: CallOptions,
): Promise<unknown> {
  return new Call(request, options).run(connect);
}

/** A call of a streaming method; it starts at once, whoever consumes it. */
export function callStream(
  connect: Connect,
  request: CallRequest,
  options: StreamOptions<unknown>,
): StreamingCall<unknown, unknown> {
  const call = new Call(request, options);
  return new CallStream({
    queue: call.queue,
    result: call.run(connect),
    cancel: () => {
      call.cancel();
    },
    onUse: (use) => {
      call.use(use);
    },
  });
}

class Call {
  readonly queue: ChunkQueue<unknown>;
  readonly #request: CallRequest;
  readonly #options: StreamOptions<unknown>;
  readonly #stop = new AbortController();
  readonly #uses = new Set<'result' | 'chunks'>();
  #open: { readonly connection: Connection; readonly pending: PendingCall } | undefined;

  constructor(request: CallRequest, options: StreamOptions<unknown>) {
    this.#request = request;
    this.#options = options;
    this.queue = new ChunkQueue(() => {
      this.#open?.connection.updateFlow();
    });
  }

  async run(connect: Connect): Promise<unknown> {
    const onAbort = (): void => {
      this.cancel();
    };
    const { signal, timeoutMs } = this.#options;
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            this.#timeOut();
          }, timeoutMs);
    try {
      if (signal?.aborted === true) throw cancelledHere();
      const { pending } = this.#start(await this.#connected(connect));
      return parseResult(this.#request.spec, await pending.result);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Before the request is out: ends at once. After: asks the daemon, whose answer ends the call. */
  cancel(): void {
    this.#stop.abort(cancelledHere());
    this.#open?.connection.cancel(this.#open.pending.id);
  }

  use(use: 'result' | 'chunks'): void {
    this.#uses.add(use);
    this.#open?.connection.updateFlow();
  }

  #timeOut(): void {
    const error = new ClientError('RequestTimeout', 'The call took longer than its `timeoutMs`.');
    this.#stop.abort(error);
    this.#open?.connection.fail(this.#open.pending.id, error);
  }

  /** A connection, unless the call is stopped first; the attempt itself goes on for the others that share it. */
  #connected(connect: Connect): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const { signal } = this.#stop;
    signal.addEventListener(
      'abort',
      () => {
        reject(signal.reason as Error);
      },
      { once: true },
    );
    connect().then(resolve, reject);
    return promise;
  }

  #start(connection: Connection): { readonly pending: PendingCall } {
    this.#stop.signal.throwIfAborted();
    const { method, params, spec } = this.#request;
    const { onProgress } = this.#options;
    const pending = connection.call(method, params, {
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(spec.chunk === undefined ? {} : { onChunk: this.#onChunk(spec.chunk) }),
      isLagging: () => this.#isLagging(),
    });
    this.#open = { connection, pending };
    return this.#open;
  }

  #onChunk(schema: Parser): (chunk: unknown, sequence: number) => void {
    return (value, sequence) => {
      const chunk = parseWith(schema, value, 'a chunk');
      this.queue.push(chunk);
      this.#options.onChunk?.(chunk, sequence);
    };
  }

  #isLagging(): boolean {
    const isOnlyIterated = this.#uses.has('chunks') && !this.#uses.has('result');
    return isOnlyIterated && !this.#stop.signal.aborted && this.queue.size >= HIGH_WATER_CHUNKS;
  }
}

function parseWith(schema: Parser, value: unknown, what: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ClientError('InvalidResponse', `The daemon sent ${what} of another shape.`);
}

function cancelledHere(): RpcError {
  return new RpcError('Cancelled', 'The call was cancelled before it was sent.');
}
