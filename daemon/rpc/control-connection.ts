import type { Socket } from 'node:net';
import {
  controlMethods,
  type ControlMethodName,
  type ControlMethodSpec,
  LIMITS,
  NOTICES,
  RpcError,
} from '@locara/protocol';
import { describeError, type Log } from '../log.ts';
import { type Connection, createConnection } from '../transport/connection.ts';
import { createMessageReader } from '../transport/message-reader.ts';
import type { ControlHandlers } from './control-handler.ts';
import { parseParams } from './dispatcher.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { type Answer, toAnswerLine, toLine } from './message-line.ts';
import { type Abortable, OpenCalls } from './open-calls.ts';
import { toWireError } from './wire-error.ts';

export interface ControlConnectionDeps {
  /** Asked at every message: the peer may have become an app since it connected. */
  readonly mayControl: () => boolean;
  readonly handlers: ControlHandlers;
  readonly stalledWriteMs: number;
  readonly log: Log;
}

type AnyHandler = (params: unknown, call: { signal: AbortSignal }) => unknown;

export interface ControlConnection {
  /** Resolves when no call is in flight. */
  whenIdle(): Promise<void>;
  close(): void;
}

/** What a peer is told that may not control the daemon, so that the command line can say why. */
export const CONTROL_REFUSAL = new RpcError(
  'Unauthenticated',
  'An app, or a program started by one, may not use the control socket.',
);

/** One connection of the user's own. */
export function serveControlConnection(
  socket: Socket,
  deps: ControlConnectionDeps,
): ControlConnection {
  return new ServedConnection(socket, deps);
}

class ServedConnection implements ControlConnection {
  readonly #deps: ControlConnectionDeps;
  readonly #connection: Connection;
  readonly #calls = new OpenCalls<Abortable>();
  #isClosing = false;

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
        if (!this.#isClosing) reader.push(bytes);
      },
      onEnd: () => {
        this.#endWhenIdle();
      },
      onClose: () => {
        this.#isClosing = true;
        this.#calls.abortAll(new RpcError('Cancelled', 'The connection closed.'));
      },
      stalledWriteMs: deps.stalledWriteMs,
    });
  }

  whenIdle(): Promise<void> {
    return this.#calls.whenIdle();
  }

  close(): void {
    this.#isClosing = true;
    this.#connection.end();
  }

  #receive(message: unknown): void {
    if (this.#isClosing) return;
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
        if (envelope.method === NOTICES.cancel) {
          const reason = new RpcError('Cancelled', 'The call was cancelled.');
          this.#calls.cancel(envelope.params, reason);
        }
        return;
      case 'refused':
        this.#send({ jsonrpc: '2.0', id: envelope.id, error: envelope.error.toWire() });
        return;
      case 'request':
        this.#serve(envelope).catch((error: unknown) => {
          this.#deps.log.error('connection.bug', describeError(error));
          this.#connection.destroy();
        });
        return;
    }
  }

  async #serve(request: Extract<Envelope, { kind: 'request' }>): Promise<void> {
    const { id } = request;
    const call = { controller: new AbortController() };
    this.#calls.add(id, call);
    try {
      const line = toAnswerLine(id, await this.#answer(request, call.controller.signal));
      await this.#connection.sendInTurn(line);
    } finally {
      this.#calls.remove(id, call);
    }
  }

  async #answer(
    request: Extract<Envelope, { kind: 'request' }>,
    signal: AbortSignal,
  ): Promise<Answer> {
    try {
      return { result: await dispatchControl(this.#deps.handlers, request, signal) };
    } catch (error) {
      const { method } = request;
      return { error: toWireError(error, { log: this.#deps.log, method, signal }) };
    }
  }

  /** What the user asked for goes on, also when they will not ask for more. */
  #endWhenIdle(): void {
    this.#isClosing = true;
    void this.#calls.whenIdle().then(() => {
      this.#connection.end();
    });
  }

  #endWith(error: RpcError): void {
    this.#send({ jsonrpc: '2.0', id: null, error: error.toWire() });
    this.#endWhenIdle();
  }

  #send(message: object): void {
    this.#connection.send(toLine(message));
  }
}

async function dispatchControl(
  handlers: ControlHandlers,
  { method, params }: { readonly method: string; readonly params: unknown },
  signal: AbortSignal,
): Promise<unknown> {
  if (!Object.hasOwn(controlMethods, method)) {
    throw new RpcError('MethodNotFound', 'This daemon has no such control method.');
  }
  const name = method as ControlMethodName;
  const spec: ControlMethodSpec = controlMethods[name];
  const parsed = parseParams(spec.params, params === undefined ? {} : params, method);
  const handler = handlers[name] as AnyHandler;
  return spec.result.parse(await handler(parsed, { signal }));
}
