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
import { createConnection } from '../transport/connection.ts';
import { createMessageReader } from '../transport/message-reader.ts';
import type { ControlHandlers } from './control-handler.ts';
import { parseParams } from './dispatcher.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { toWireError } from './wire-error.ts';

export interface ControlConnectionDeps {
  readonly handlers: ControlHandlers;
  readonly stalledWriteMs: number;
  readonly log: Log;
}

type AnyHandler = (params: unknown, call: { signal: AbortSignal }) => unknown;

/** One connection of the user's own: its peer was checked when it was accepted. */
export function serveControlConnection(
  socket: Socket,
  deps: ControlConnectionDeps,
): { close(): void } {
  const calls = new Map<RequestId, AbortController>();
  const abortAll = (): void => {
    for (const controller of calls.values()) controller.abort();
  };
  const send = (message: object): void => void connection.send(JSON.stringify(message));
  const endWith = (error: RpcError): void => {
    send({ jsonrpc: '2.0', id: null, error: error.toWire() });
    connection.end();
  };

  const serve = async (request: Extract<Envelope, { kind: 'request' }>): Promise<void> => {
    const { id, method } = request;
    const controller = new AbortController();
    const { signal } = controller;
    calls.set(id, controller);
    let answer: { result: unknown } | { error: WireError };
    try {
      answer = { result: await dispatchControl(deps.handlers, request, signal) };
    } catch (error) {
      answer = { error: toWireError(error, { log: deps.log, method, signal }) };
    }
    calls.delete(id);
    send({ jsonrpc: '2.0', id, ...answer });
  };

  const receive = (message: unknown): void => {
    if (!connection.isOpen) return;
    const envelope = readEnvelope(message, (id) => calls.has(id));
    switch (envelope.kind) {
      case 'invalid':
        endWith(envelope.error);
        return;
      case 'notification':
        if (envelope.method === NOTICES.cancel) {
          calls.get((envelope.params as { id: RequestId }).id)?.abort();
        }
        return;
      case 'refused':
        send({ jsonrpc: '2.0', id: envelope.id, error: envelope.error.toWire() });
        return;
      case 'request':
        void serve(envelope);
        return;
    }
  };

  const reader = createMessageReader({
    maxBytes: () => LIMITS.maxMessageBytes,
    onMessage: receive,
    onViolation: endWith,
    onHttp: () => {
      connection.destroy();
    },
  });
  const connection = createConnection(socket, {
    onBytes: (bytes) => {
      reader.push(bytes);
    },
    onClose: abortAll,
    stalledWriteMs: deps.stalledWriteMs,
  });
  return {
    close: () => {
      connection.end();
    },
  };
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
