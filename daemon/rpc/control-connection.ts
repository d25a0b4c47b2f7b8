import type { Socket } from 'node:net';
import {
  controlMethods,
  type ControlMethodName,
  type ControlMethodSpec,
  LIMITS,
  RpcError,
} from '@locara/protocol';
import type { AuditLog } from '../audit/audit.ts';
import type { Log } from '../log.ts';
import type { Connection } from '../transport/connection.ts';
import { createCallNotices } from './call-notices.ts';
import type { ReadMemory } from '../transport/read-memory.ts';
import type { ControlHandlers } from './control-handler.ts';
import { describeWidening } from './describe-widening.ts';
import { parseParams } from './dispatcher.ts';
import type { Request } from './envelope.ts';
import { type Answer, toAnswerLine, toLine } from './message-line.ts';
import { type Abortable, OpenCalls } from './open-calls.ts';
import { createRequestConnection } from './request-connection.ts';
import { answerWith, type SendChunk } from './run-stream.ts';
import { toWireError } from './wire-error.ts';

export interface ControlConnectionDeps {
  /** Asked at every message: the peer may have become an app since it connected. */
  readonly mayControl: () => boolean;
  readonly handlers: ControlHandlers;
  readonly audit: Pick<AuditLog, 'announce' | 'settle'>;
  readonly stalledWriteMs: number;
  readonly readMemory: Pick<ReadMemory, 'erase'>;
  readonly log: Log;
}

interface OpenCall extends Abortable {
  readonly isStream: boolean;
}

type AnyHandler = (params: unknown, call: { signal: AbortSignal }) => unknown;

/** A connection of the user’s own as the rest of the daemon sees it. */
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
  readonly #calls = new OpenCalls<OpenCall>();
  #isClosing = false;

  constructor(socket: Socket, deps: ControlConnectionDeps) {
    this.#deps = deps;
    this.#connection = createRequestConnection(socket, {
      calls: this.#calls,
      maxBytes: () => LIMITS.maxMessageBytes,
      isReading: () => !this.#isClosing,
      findRefusal: () => (deps.mayControl() ? undefined : CONTROL_REFUSAL),
      onRequest: (request) => ({ answered: this.#serve(request) }),
      onBroken: (error) => {
        this.#endWith(error);
      },
      onEnd: () => {
        // Whoever died sends an end too: a stream must not go on for nobody.
        this.#abortStreams();
        this.#endWhenIdle();
      },
      onClose: () => {
        this.#isClosing = true;
        this.#calls.abortAll(new RpcError('Cancelled', 'The connection closed.'));
      },
      onDrop: (reason) => {
        this.#logDrop(reason);
      },
      stalledWriteMs: deps.stalledWriteMs,
      // A pager, or a terminal held with Ctrl-S, holds a stream back and does not end it.
      mayStall: () => this.#hasStreams(),
      readMemory: deps.readMemory,
      log: deps.log,
    });
  }

  whenIdle(): Promise<void> {
    return this.#calls.whenIdle();
  }

  close(): void {
    this.#isClosing = true;
    this.#connection.end();
  }

  async #serve(request: Request): Promise<void> {
    const { id } = request;
    const call = { controller: new AbortController(), isStream: isStreaming(request.method) };
    this.#calls.add(id, call);
    try {
      const line = toAnswerLine(id, await this.#answer(request, call.controller.signal));
      await this.#connection.sendInTurn(line);
    } finally {
      this.#calls.remove(id, call);
    }
  }

  async #answer(request: Request, signal: AbortSignal): Promise<Answer> {
    try {
      const { sendChunk } = createCallNotices(this.#connection, request);
      return { result: await dispatchControl(this.#deps, request, { signal, sendChunk }) };
    } catch (error) {
      const { method } = request;
      return { error: toWireError(error, { log: this.#deps.log, method, signal }) };
    }
  }

  #hasStreams(): boolean {
    return [...this.#calls.values()].some(({ isStream }) => isStream);
  }

  #abortStreams(): void {
    for (const { controller, isStream } of this.#calls.values()) {
      if (isStream) controller.abort(new RpcError('Cancelled', 'The connection closed.'));
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
    this.#logDrop(error.reason);
    this.#connection.send(toLine({ jsonrpc: '2.0', id: null, error: error.toWire() }));
    this.#endWhenIdle();
  }

  #logDrop(reason: string): void {
    this.#deps.log.warn('connection.dropped', { socket: 'control', reason });
  }
}

function isStreaming(method: string): boolean {
  if (!Object.hasOwn(controlMethods, method)) return false;
  const spec: ControlMethodSpec = controlMethods[method as ControlMethodName];
  return spec.chunk !== undefined;
}

/** What widens a right is in the audit log before it is tried, and every decision before it is answered. */
async function dispatchControl(
  { handlers, audit }: ControlConnectionDeps,
  { method, params }: { readonly method: string; readonly params: unknown },
  context: { readonly signal: AbortSignal; readonly sendChunk: SendChunk },
): Promise<unknown> {
  if (!Object.hasOwn(controlMethods, method)) {
    throw new RpcError('MethodNotFound', 'This daemon has no such control method.');
  }
  const name = method as ControlMethodName;
  const spec: ControlMethodSpec = controlMethods[name];
  const parsed = parseParams(spec.params, params === undefined ? {} : params, method);
  const handler = handlers[name] as AnyHandler;
  const widening = describeWidening(name, parsed);
  if (widening !== undefined) await audit.announce(widening.fields, widening.appId);
  try {
    return await answerWith(spec, handler(parsed, { signal: context.signal }), context);
  } finally {
    await audit.settle();
  }
}
