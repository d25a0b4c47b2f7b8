import type { Socket } from 'node:net';
import { LIMITS, NOTICES, parseJson, PROGRESS_STAGES, RpcError } from '@locara/protocol';
import type { Progress } from '@locara/protocol';
import { JSONRPCClient } from 'json-rpc-2.0';
import type { JSONRPCResponse } from 'json-rpc-2.0';
import { ClientError, isRecord, toRpcError } from './errors.ts';
import { LineReader } from './lines.ts';

/** Where the parts of one call's answer go. */
export interface CallSink {
  /** Throwing ends the call with that error. */
  onChunk?(chunk: unknown, sequence: number): void;
  onProgress?(progress: Progress): void;
  /** True while the consumer of this stream is behind and nobody waits for its result. */
  isLagging?(): boolean;
}

interface OpenCall {
  readonly sink: CallSink;
  nextSequence: number;
  /** Set when this side gives the call up. */
  failure?: Error;
}

/** One request on its way: `id` is for `cancel` and `fail`. */
export interface PendingCall {
  readonly id: number;
  readonly result: Promise<unknown>;
}

/** json-rpc-2.0 ends calls that this side gives up with this code, which no daemon sends. */
const GIVEN_UP = { code: 0, message: '' };

const NOT_JSON =
  'The params cannot be written as JSON: a BigInt, bytes and a Float32Array go through `toWire`.';

/** One socket: pairs requests with answers, routes chunks, progress and notices. Usable until `closed` settles. */
export class Connection {
  /** Settles, never rejects, with why the connection ended. */
  readonly closed: Promise<ClientError>;
  maxSendBytes: number = LIMITS.maxMessageBytes;
  onNotice: (method: string, params: Record<string, unknown>) => void = () => undefined;

  readonly #socket: Socket;
  readonly #lines: LineReader;
  readonly #calls = new Map<number, OpenCall>();
  readonly #rpc: JSONRPCClient;
  readonly #resolveClosed: (error: ClientError) => void;
  #lastId = 0;
  #end: ClientError | undefined;
  #keepsProcessAlive = true;
  /** Why the daemon ends the session, once it has said so. */
  #ending: string | undefined;

  constructor(socket: Socket, maxReceiveBytes: number = LIMITS.maxMessageBytes) {
    this.#socket = socket;
    this.#lines = new LineReader(maxReceiveBytes, (line) => {
      this.#receive(line);
    });
    this.#rpc = new JSONRPCClient((payload: { id?: number }) => {
      this.#write(payload);
    });
    const { promise, resolve } = Promise.withResolvers<ClientError>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    socket.on('data', (bytes: Buffer) => {
      this.#read(bytes);
    });
    socket.on('error', (cause) => {
      this.close(new ClientError('ConnectionClosed', 'The connection to the daemon broke.', cause));
    });
    socket.on('close', () => {
      const message = this.#ending ?? 'The daemon closed the connection.';
      this.close(new ClientError('ConnectionClosed', message));
    });
  }

  /** Whether a new call could be answered: not once the daemon has said that it ends the session. */
  get takesCalls(): boolean {
    return this.#end === undefined && this.#ending === undefined;
  }

  set maxReceiveBytes(bytes: number) {
    this.#lines.maxBytes = bytes;
  }

  /** Whether the process lives on for this connection while no call is in flight. */
  set keepsProcessAlive(keeps: boolean) {
    this.#keepsProcessAlive = keeps;
    this.#updateHold();
  }

  call(method: string, params: Record<string, unknown>, sink: CallSink = {}): PendingCall {
    const id = ++this.#lastId;
    const progress = sink.onProgress === undefined ? {} : { progressToken: String(id) };
    const request = { jsonrpc: '2.0' as const, id, method, params: { ...params, ...progress } };
    return { id, result: this.#send(request, sink) };
  }

  /** Asks the daemon to stop; the call ends when it answers. */
  cancel(id: number): void {
    if (!this.#calls.has(id) || this.#end !== undefined) return;
    this.#rpc.notify(NOTICES.cancel, { id });
    this.updateFlow();
  }

  /** Ends the call here with `error` and tells the daemon to stop; its answer no longer matters. */
  fail(id: number, error: Error): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.cancel(id);
    call.failure = error;
    this.#settle({ jsonrpc: '2.0', id, error: GIVEN_UP });
  }

  /** Stops reading only while every open call is a stream whose consumer lags: anything else may be what it waits for. */
  updateFlow(): void {
    const calls = [...this.#calls.values()];
    const isLagging = calls.length > 0 && calls.every(({ sink }) => sink.isLagging?.() === true);
    if (isLagging === this.#socket.isPaused()) return;
    if (isLagging) this.#socket.pause();
    else this.#socket.resume();
  }

  close(error = new ClientError('ConnectionClosed', 'The connection was closed.')): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#socket.destroy();
    for (const call of this.#calls.values()) call.failure = error;
    this.#calls.clear();
    this.#rpc.rejectAllPendingRequests('');
    this.#resolveClosed(error);
  }

  async #send(
    request: { jsonrpc: '2.0'; id: number; method: string; params: Record<string, unknown> },
    sink: CallSink,
  ): Promise<unknown> {
    if (this.#end !== undefined) throw this.#end;
    const call: OpenCall = { sink, nextSequence: 0 };
    this.#calls.set(request.id, call);
    this.#updateHold();
    this.updateFlow();
    const response = await this.#rpc.requestAdvanced(request);
    if (call.failure !== undefined) throw call.failure;
    if (response.error !== undefined) throw toRpcError(response.error);
    return response.result;
  }

  #write(payload: { id?: number }): void {
    const line = toLine(payload);
    if (line === undefined) {
      this.#refuse(payload.id, new RpcError('InvalidParams', NOT_JSON));
      return;
    }
    const bytes = Buffer.byteLength(line) - 1;
    if (bytes > this.maxSendBytes && payload.id !== undefined) {
      this.#refuse(payload.id, tooLarge(bytes, this.maxSendBytes));
      return;
    }
    this.#socket.write(line);
  }

  /** Ends a call that was never sent. */
  #refuse(id: number | undefined, error: RpcError): void {
    const call = id === undefined ? undefined : this.#calls.get(id);
    if (id === undefined || call === undefined) return;
    call.failure = error;
    this.#settle({ jsonrpc: '2.0', id, error: GIVEN_UP });
  }

  #read(bytes: Buffer): void {
    try {
      this.#lines.push(bytes);
    } catch (error) {
      // The parser's own message quotes the line, which may hold the user's text.
      const notJsonRpc = new ClientError('InvalidResponse', 'The daemon sent no JSON-RPC.');
      this.close(error instanceof ClientError ? error : notJsonRpc);
    }
  }

  #receive(line: string): void {
    if (this.#end !== undefined) return;
    const message = parseJson(line);
    if (!isRecord(message) || message['jsonrpc'] !== '2.0') throw new Error('not JSON-RPC');
    if (typeof message['method'] === 'string') this.#notice(message['method'], message['params']);
    else this.#answer(message);
  }

  #answer(message: Record<string, unknown>): void {
    const { id, result, error } = message;
    if (id === null && error !== undefined) {
      const cause = toRpcError(error);
      this.close(
        new ClientError('ConnectionClosed', `The daemon refused: ${cause.message}`, cause),
      );
      return;
    }
    if ((result === undefined) === (error === undefined)) throw new Error('not an answer');
    // Unknown ids are late answers of calls that ended here.
    if (typeof id === 'number' && this.#calls.has(id)) this.#settle(message as unknown as Answer);
  }

  #settle(response: Answer): void {
    this.#calls.delete(response.id);
    this.#rpc.receive(response);
    this.#updateHold();
    if (this.#end === undefined) this.updateFlow();
  }

  #updateHold(): void {
    if (this.#keepsProcessAlive || this.#calls.size > 0) this.#socket.ref();
    else this.#socket.unref();
  }

  #notice(method: string, params: unknown): void {
    if (!isRecord(params)) return;
    if (method === NOTICES.chunk) this.#chunk(params);
    else if (method === NOTICES.progress) this.#progress(params);
    else {
      if (method === NOTICES.sessionEnded) this.#ending = describeEnding(params);
      this.onNotice(method, params);
    }
  }

  #chunk({ id, sequence, chunk }: Record<string, unknown>): void {
    const call = typeof id === 'number' ? this.#calls.get(id) : undefined;
    if (call === undefined || typeof id !== 'number') return;
    if (sequence !== call.nextSequence || call.sink.onChunk === undefined) {
      this.fail(id, new ClientError('InvalidResponse', 'The chunks of a stream are out of order.'));
      return;
    }
    call.nextSequence += 1;
    try {
      call.sink.onChunk(chunk, sequence);
    } catch (error) {
      this.fail(id, error instanceof Error ? error : new Error(String(error)));
    }
    this.updateFlow();
  }

  #progress({ token, stage, ...counts }: Record<string, unknown>): void {
    const id = Number(token);
    const call = this.#calls.get(id);
    const known = PROGRESS_STAGES.find((name) => name === stage);
    if (call?.sink.onProgress === undefined || known === undefined) return;
    try {
      call.sink.onProgress({ ...counts, stage: known });
    } catch (error) {
      this.fail(id, error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function describeEnding({ message }: Record<string, unknown>): string {
  return `The daemon ended the session. ${typeof message === 'string' ? message : ''}`.trimEnd();
}

type Answer = JSONRPCResponse & { readonly id: number };

/** Undefined for what JSON has no words for, as a BigInt. */
function toLine(payload: object): string | undefined {
  try {
    return `${JSON.stringify(payload)}\n`;
  } catch {
    return undefined;
  }
}

function tooLarge(bytes: number, limitBytes: number): RpcError {
  const message = `The request has ${bytes} bytes, the limit is ${limitBytes}: use a blob.`;
  return new RpcError('PayloadTooLarge', message, { details: { limitBytes, bytes } });
}
