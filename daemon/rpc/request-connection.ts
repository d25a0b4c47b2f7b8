import type { Socket } from 'node:net';
import { NOTICES, RpcError } from '@locara/protocol';
import { describeError, type Log } from '../log.ts';
import { listSecretParams } from '../secrets/secret-bytes.ts';
import { type Connection, createConnection } from '../transport/connection.ts';
import { beginTurns } from '../turns.ts';
import { createMessageReader } from '../transport/message-reader.ts';
import type { ReadMemory } from '../transport/read-memory.ts';
import { readEnvelope, type Request } from './envelope.ts';
import { toLine } from './message-line.ts';
import type { Abortable, OpenCalls } from './open-calls.ts';

export interface RequestConnectionOptions {
  readonly calls: OpenCalls<Abortable>;
  /** The cap of a line now, in bytes: small before authentication. */
  readonly maxBytes: () => number;
  /** Asked before each piece and each message: what comes once it says no is dropped. */
  readonly isReading: () => boolean;
  /** Asked before each message: why this peer may not go on, if so. */
  readonly findRefusal?: () => RpcError | undefined;
  readonly onRequest: (request: Request, bytes: number) => ServedRequest;
  /** The stream itself is broken: one answer without an id, then the end. */
  readonly onBroken: (error: RpcError) => void;
  /** The peer sends nothing more, but may still read. */
  readonly onEnd: () => void;
  readonly onClose: () => void;
  /** Told, before the close, why the peer is dropped without an answer. */
  readonly onDrop: (reason: 'http' | 'not-reading') => void;
  readonly stalledWriteMs: number;
  /** Asked when that time is over: a peer that may stall is kept. */
  readonly mayStall?: () => boolean;
  readonly log: Log;
  /** Overwritten after a message with a secret, and after one that could not be read. */
  readonly readMemory: Pick<ReadMemory, 'erase'>;
}

/** A request that is being answered. */
export interface ServedRequest {
  /** Resolves once its handler runs: no later message is looked at before. Undefined when it does already. */
  readonly begun?: Promise<unknown> | undefined;
  /** A rejection is a bug, and ends the connection. */
  readonly answered: Promise<void>;
}

/**
 * What both sockets do with a peer's bytes: cut into messages within every limit of the wire, HTTP ended
 * at once, requests handed on, calls cancelled, the rest refused.
 */
export function createRequestConnection(
  socket: Socket,
  options: RequestConnectionOptions,
): Connection {
  let hasPeerEnded = false;
  let turns = beginTurns();
  const reader = createMessageReader({
    maxBytes: options.maxBytes,
    onMessage: (message, bytes) => {
      const served = options.isReading()
        ? receive({ message, bytes }, connection, options)
        : undefined;
      // However little each takes, others come between the many that may be in one read.
      holdUntil(served?.begun ?? (turns.areOver() ? turns.next() : undefined));
      eraseSecrets(message, { answered: served?.answered, readMemory: options.readMemory });
    },
    onViolation: (error) => {
      options.readMemory.erase();
      options.onBroken(error);
    },
    onHttp: () => {
      options.onDrop('http');
      connection.destroy();
    },
  });
  const connection = createConnection(socket, {
    onBytes: (bytes) => {
      turns = beginTurns();
      if (options.isReading()) reader.push(bytes);
    },
    onEnd: () => {
      hasPeerEnded = true;
      if (!connection.isHeld) options.onEnd();
    },
    onClose: () => {
      reader.stop();
      options.onClose();
    },
    onDrop: () => {
      options.onDrop('not-reading');
    },
    stalledWriteMs: options.stalledWriteMs,
    ...(options.mayStall === undefined ? {} : { mayStall: options.mayStall }),
  });
  const holdUntil = (begun: Promise<unknown> | undefined): void => {
    if (begun === undefined) return;
    reader.hold();
    connection.hold();
    void begun.then(() => {
      turns = beginTurns();
      connection.release();
      reader.release();
      // What was held came before the peer's end, and has the turn to be answered that it would have had.
      if (hasPeerEnded && !connection.isHeld) setImmediate(options.onEnd);
    });
  };
  return connection;
}

/** Whatever becomes of a call, a passphrase that came with it is not left in memory. */
function eraseSecrets(
  message: unknown,
  {
    answered,
    readMemory,
  }: Pick<RequestConnectionOptions, 'readMemory'> & {
    readonly answered: Promise<void> | undefined;
  },
): void {
  const params: unknown =
    typeof message === 'object' && message !== null ? Reflect.get(message, 'params') : undefined;
  const secrets = listSecretParams(params);
  if (secrets.length === 0) return;
  readMemory.erase();
  const erase = (): void => {
    for (const secret of secrets) secret.fill(0);
  };
  if (answered === undefined) erase();
  else void answered.finally(erase);
}

/** Undefined where there is nothing to wait for. */
function receive(
  { message, bytes }: { readonly message: unknown; readonly bytes: number },
  connection: Connection,
  options: RequestConnectionOptions,
): ServedRequest | undefined {
  const { calls, findRefusal, onRequest, onBroken, log } = options;
  const refusal = findRefusal?.();
  if (refusal !== undefined) {
    onBroken(refusal);
    return undefined;
  }
  const envelope = readEnvelope(message, (id) => calls.has(id));
  switch (envelope.kind) {
    case 'request': {
      const { begun, answered } = onRequest(envelope, bytes);
      const ended = answered.catch((error: unknown) => {
        log.error('connection.bug', describeError(error));
        connection.destroy();
      });
      return { begun, answered: ended };
    }
    case 'notification':
      if (envelope.method === NOTICES.cancel) {
        calls.cancel(envelope.params, new RpcError('Cancelled', 'The call was cancelled.'));
      }
      return undefined;
    case 'refused':
      connection.send(toLine({ jsonrpc: '2.0', id: envelope.id, error: envelope.error.toWire() }));
      return undefined;
    case 'invalid':
      onBroken(envelope.error);
      return undefined;
  }
}
