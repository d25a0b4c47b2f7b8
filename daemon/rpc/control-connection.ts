import type { Socket } from 'node:net';
import {
  controlMethods,
  type ControlMethodName,
  type ControlMethodSpec,
  LIMITS,
  NOTICES,
  type RequestId,
  RpcError,
  type WireError,
} from '@locara/protocol';
import type { Log } from '../log.ts';
import { type Connection, createConnection } from '../transport/connection.ts';
import { createMessageReader } from '../transport/message-reader.ts';
import type { ControlHandlers } from './control-handler.ts';
import { parseParams } from './dispatcher.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { toWireError } from './wire-error.ts';

export interface ControlConnectionDeps {
  readonly handlers: ControlHandlers;
  /** Asked again at every message: a process may have become an app since it connected. */
  readonly mayControl: () => boolean;
  readonly stalledWriteMs: number;
  readonly log: Log;
}

type AnyHandler = (params: unknown, call: { signal: AbortSignal }) => unknown;

/** What a peer is told that may not control the daemon, so that the command line can say why. */
export const CONTROL_REFUSAL = new RpcError(
  'Unauthenticated',
  'An app, or a program started by one, may not use the control socket',
);

/** One connection of the user's own. */
export function serveControlConnection(
  socket: Socket,
  deps: ControlConnectionDeps,
): { close(): void } {
  return new ControlConnection(socket, deps);
}

class ControlConnection {
  readonly #deps: ControlConnectionDeps;
  readonly #connection: Connection;
  readonly #calls = new Map<RequestId, AbortController>();

  constructor(socket: Socket, deps: ControlConnectionDeps) {
    this.#deps = deps;
    const reader = createMessageReader({
      maxBytes: () => LIMITS.maxMessageBytes,
      onMessage: (message) => {
        this.#receive(message);
      },
      onViolation: (error) => {
        this.#endWith(error);
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
        for (const controller of this.#calls.values()) controller.abort();
      },
      stalledWriteMs: deps.stalledWriteMs,
    });
  }

  close(): void {
    this.#connection.end();
  }

  #receive(message: unknown): void {
    if (!this.#connection.isOpen) return;
    if (!this.#deps.mayControl()) {
      this.#endWith(CONTROL_REFUSAL);
      return;
    }
    const envelope = readEnvelope(message, (id) => this.#calls.has(id));
    switch (envelope.kind) {
      case 'invalid':
        this.#endWith(envelope.error);
        return;
      case 'notification':
        if (envelope.method === NOTICES.cancel) this.#cancel(envelope.params);
        return;
      case 'refused':
        this.#send({ jsonrpc: '2.0', id: envelope.id, error: envelope.error.toWire() });
        return;
      case 'request':
        void this.#serve(envelope);
        return;
    }
  }

  async #serve(request: Extract<Envelope, { kind: 'request' }>): Promise<void> {
    const { id, method } = request;
    const controller = new AbortController();
    const { signal } = controller;
    this.#calls.set(id, controller);
    let answer: { result: unknown } | { error: WireError };
    try {
      answer = { result: await dispatchControl(this.#deps.handlers, request, signal) };
    } catch (error) {
      answer = { error: toWireError(error, { log: this.#deps.log, method, signal }) };
    }
    this.#calls.delete(id);
    this.#send({ jsonrpc: '2.0', id, ...answer });
  }

  #cancel(params: unknown): void {
    const id = (params as { id?: RequestId } | undefined)?.id;
    if (id !== undefined) this.#calls.get(id)?.abort();
  }

  #endWith(error: RpcError): void {
    this.#send({ jsonrpc: '2.0', id: null, error: error.toWire() });
    this.#connection.end();
  }

  #send(message: object): void {
    void this.#connection.send(JSON.stringify(message));
  }
}

async function dispatchControl(
  handlers: ControlHandlers,
  { method, params }: { readonly method: string; readonly params: unknown },
  signal: AbortSignal,
): Promise<unknown> {
  if (!Object.hasOwn(controlMethods, method)) {
    throw new RpcError('MethodNotFound', 'No such control method');
  }
  const name = method as ControlMethodName;
  const spec: ControlMethodSpec = controlMethods[name];
  const parsed = parseParams(spec.params, params === undefined ? {} : params, method);
  const handler = handlers[name] as AnyHandler;
  return spec.result.parse(await handler(parsed, { signal }));
}
