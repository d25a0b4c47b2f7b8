import type { Socket } from 'node:net';
import {
  type Capability,
  LIMITS,
  NOTICES,
  type RequestId,
  RpcError,
  type WireError,
} from '@locara/protocol';
import { createHandshake, type HandshakeDeps } from '../access/handshake.ts';
import { toCapabilityDenied } from '../access/grants.ts';
import type { AppRecord } from '../access/app-registry.ts';
import type { CountedCall, OpenSession, Sessions } from '../access/sessions.ts';
import { type Log } from '../log.ts';
import { type Connection, createConnection } from '../transport/connection.ts';
import { createMessageReader } from '../transport/message-reader.ts';
import type { Peer } from '../transport/peer.ts';
import { dispatch } from './dispatcher.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import type { Handlers } from './handler.ts';
import { createProgressSender } from './progress.ts';
import { toWireError } from './wire-error.ts';

export interface AppConnectionDeps {
  readonly handlers: Handlers;
  readonly handshake: HandshakeDeps;
  readonly sessions: Sessions;
  readonly authTimeoutMs: number;
  readonly stalledWriteMs: number;
  readonly log: Log;
  readonly isDraining: () => boolean;
  readonly isPeerUnchanged: (socket: Socket, peer: Peer) => boolean;
  /** Told the pid of every process that ever held a session. */
  readonly onAuthenticated: (pid: number) => void;
}

export interface AppConnection {
  notify(method: string, params: Readonly<Record<string, unknown>>): void;
  /** Resolves when no call is in flight. */
  whenIdle(): Promise<void>;
  close(): void;
}

interface OpenCall {
  readonly controller: AbortController;
  readonly method: string;
  readonly leansOn: Set<Capability>;
  counted?: CountedCall | undefined;
}

/** One app's connection: envelope checks, the handshake, calls in flight, cancel, streams. */
export function serveAppConnection(
  socket: Socket,
  peer: Peer,
  deps: AppConnectionDeps,
): AppConnection {
  return new ServedConnection(socket, peer, deps);
}

class ServedConnection implements AppConnection {
  readonly #deps: AppConnectionDeps;
  readonly #connection: Connection;
  readonly #handshake;
  readonly #calls = new Map<RequestId, OpenCall>();
  readonly #authTimer: NodeJS.Timeout;
  #session: OpenSession | undefined;
  #closeWhenAnswered = false;
  #idleWaiters: (() => void)[] = [];

  constructor(socket: Socket, peer: Peer, deps: AppConnectionDeps) {
    this.#deps = deps;
    const reader = createMessageReader({
      maxBytes: () =>
        this.#session === undefined ? LIMITS.maxMessageBytesBeforeAuth : LIMITS.maxMessageBytes,
      onMessage: (message) => {
        this.#receive(message);
      },
      onViolation: (violation) => {
        this.#endWith(violation);
      },
      onHttp: () => {
        this.#connection.destroy();
      },
    });
    this.#connection = createConnection(socket, {
      onBytes: (bytes) => {
        reader.push(bytes);
      },
      onClose: () => {
        this.#closed();
      },
      stalledWriteMs: deps.stalledWriteMs,
    });
    this.#authTimer = setTimeout(() => {
      this.#connection.end();
    }, deps.authTimeoutMs);
    this.#handshake = createHandshake(deps.handshake, {
      peer,
      isPeerUnchanged: () => deps.isPeerUnchanged(socket, peer),
      closeAfterAnswer: () => {
        this.#closeWhenAnswered = true;
      },
      onAuthenticated: (record) => {
        this.#open(record, peer.pid);
      },
    });
  }

  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    if (this.#session !== undefined) void this.#send({ jsonrpc: '2.0', method, params });
  }

  #open(record: AppRecord, pid: number): void {
    // Remembered even when there is no room: from now on this process is known to be an app.
    this.#deps.onAuthenticated(pid);
    this.#closeWhenAnswered = true;
    this.#session = this.#deps.sessions.open(record, pid, {
      onGrantsChanged: () => {
        this.#grantsChanged();
      },
      onEnded: () => {
        this.close();
      },
    });
    this.#closeWhenAnswered = false;
    clearTimeout(this.#authTimer);
  }

  whenIdle(): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  close(): void {
    this.#abortCalls(new RpcError('Cancelled', 'The connection closed'));
    this.#connection.end();
  }

  #receive(message: unknown): void {
    if (!this.#connection.isOpen) return;
    const envelope = readEnvelope(message, (id) => this.#calls.has(id));
    switch (envelope.kind) {
      case 'invalid':
        this.#endWith(envelope.error);
        return;
      case 'notification':
        if (envelope.method === NOTICES.cancel) this.#cancel(envelope.params);
        return;
      case 'refused':
        void this.#send({ jsonrpc: '2.0', id: envelope.id, error: envelope.error.toWire() });
        return;
      case 'request':
        void this.#serve(envelope);
        return;
    }
  }

  async #serve(request: Extract<Envelope, { kind: 'request' }>): Promise<void> {
    const { id, method } = request;
    const call: OpenCall = { controller: new AbortController(), method, leansOn: new Set() };
    let answer: { result: unknown } | { error: WireError };
    const { signal } = call.controller;
    try {
      this.#admit();
      call.counted = this.#session?.beginCall();
      this.#calls.set(id, call);
      answer = { result: await this.#dispatch(request, call) };
      signal.throwIfAborted();
    } catch (error) {
      answer = { error: toWireError(error, { log: this.#deps.log, method, signal }) };
    }
    call.counted?.end();
    if (this.#calls.get(id) === call) this.#calls.delete(id);
    const sent = this.#sendAnswer(id, answer);
    if (this.#closeWhenAnswered) this.#connection.end();
    if (this.#calls.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
    await sent;
  }

  #admit(): void {
    if (this.#calls.size >= LIMITS.maxCallsPerConnection) {
      throw new RpcError('Busy', 'Too many calls in flight on this connection', {
        details: { retryAfterMs: 100 },
      });
    }
    if (this.#deps.isDraining()) {
      throw new RpcError('Unavailable', 'The daemon is stopping', {
        retryable: true,
        details: { state: 'draining' },
      });
    }
  }

  #dispatch(request: Extract<Envelope, { kind: 'request' }>, call: OpenCall): Promise<unknown> {
    const { id, method, progressToken } = request;
    const notice = (name: string, params: object) =>
      this.#send({ jsonrpc: '2.0', method: name, params });
    const tellProgress =
      progressToken === undefined
        ? () => undefined
        : createProgressSender((progress) => {
            void notice(NOTICES.progress, { token: progressToken, ...progress });
          });
    return dispatch(
      this.#deps.handlers,
      { method, params: request.params },
      {
        handshake: this.#handshake,
        session: this.#session,
        signal: call.controller.signal,
        sendChunk: (chunk, sequence) => notice(NOTICES.chunk, { id, sequence, chunk }),
        sendProgress: (progress) => {
          if (call.counted !== undefined) call.counted.isQueued = progress.stage === 'queued';
          tellProgress(progress);
        },
        onRequire: (capability) => call.leansOn.add(capability),
      },
    );
  }

  #cancel(params: unknown): void {
    const id = (params as { id?: RequestId } | undefined)?.id;
    if (id === undefined) return;
    this.#calls.get(id)?.controller.abort(new RpcError('Cancelled', 'The call was cancelled'));
  }

  #grantsChanged(): void {
    const session = this.#session;
    if (session === undefined) return;
    for (const { controller, leansOn, method } of this.#calls.values()) {
      const lost = [...leansOn].find((capability) => !session.has(capability));
      if (lost !== undefined) controller.abort(toCapabilityDenied(lost, method));
    }
    this.notify(NOTICES.grantsChanged, { grants: session.grants() });
  }

  #sendAnswer(id: RequestId, answer: { result: unknown } | { error: WireError }): Promise<void> {
    const line = JSON.stringify({ jsonrpc: '2.0', id, ...answer });
    if (Buffer.byteLength(line) < LIMITS.maxMessageBytes) return this.#connection.send(line);
    const error = new RpcError('PayloadTooLarge', 'The result is too large for one message', {
      details: {
        limitBytes: LIMITS.maxMessageBytes,
        waysOut: ['limit and cursor', 'encoding: "f32"', 'a blob'],
      },
    });
    return this.#connection.send(JSON.stringify({ jsonrpc: '2.0', id, error: error.toWire() }));
  }

  #send(message: object): Promise<void> {
    return this.#connection.send(JSON.stringify(message));
  }

  /** The stream itself is broken: one answer without an id, then the end. */
  #endWith(error: RpcError): void {
    void this.#send({ jsonrpc: '2.0', id: null, error: error.toWire() });
    this.close();
  }

  #abortCalls(reason: RpcError): void {
    for (const { controller } of this.#calls.values()) controller.abort(reason);
  }

  #closed(): void {
    clearTimeout(this.#authTimer);
    this.#abortCalls(new RpcError('Cancelled', 'The connection closed'));
    this.#session?.close();
  }
}
