import type { Socket } from 'node:net';
import { authenticate, openWire, type RawCredentials, type WireMessage } from './raw-client.ts';

/** A piece of text, and when it arrived. */
export interface Piece {
  readonly atMs: number;
  readonly text: string;
}

/** One call from its first byte to its answer. Times are of `performance.now()`. */
export interface Answered {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly pieces: readonly Piece[];
  readonly result?: Record<string, unknown>;
  readonly error?: NonNullable<WireMessage['error']>;
}

export interface StartedCall {
  readonly answer: Promise<Answered>;
  readonly cancel: () => void;
}

/** An authenticated connection with many calls in flight, that watches whether the daemon keeps to the contract. */
export interface CallWire {
  start(method: string, params: Record<string, unknown>): StartedCall;
  /** The answer of a call that nobody cancels. */
  call(method: string, params: Record<string, unknown>): Promise<Answered>;
  /** What the daemon sent against the contract: a second answer, a gap in a stream, something for nobody. */
  readonly violations: readonly string[];
  end(): void;
}

interface OpenCall {
  readonly startedAtMs: number;
  readonly pieces: Piece[];
  nextSequence: number;
  readonly settle: (answered: Answered) => void;
}

/** Opens a connection of an app. One that breaks with calls in flight is a violation; they stay unanswered. */
export async function openCallWire(
  appSocket: string,
  credentials: RawCredentials,
): Promise<CallWire> {
  const wire = await openWire(appSocket);
  const { error } = await authenticate(wire, credentials);
  if (error !== undefined) throw new Error(`the session was refused: ${error.message}`);
  const { socket } = wire;
  // From here on nothing is kept of what has been read.
  socket.removeAllListeners('data');
  const open = new Map<unknown, OpenCall>();
  const violations: string[] = [];
  readLines(socket, (message) => {
    receive(message, open, violations);
  });
  socket.on('close', () => {
    if (open.size > 0) violations.push(`the connection broke with ${open.size} calls open`);
  });
  let nextId = 0;
  const send = (message: object): void => {
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  const start: CallWire['start'] = (method, params) => {
    const id = `call-${(nextId += 1)}`;
    const answer = new Promise<Answered>((settle) => {
      open.set(id, { startedAtMs: performance.now(), pieces: [], nextSequence: 0, settle });
    });
    send({ id, method, params });
    return {
      answer,
      cancel: () => {
        send({ method: '$/cancel', params: { id } });
      },
    };
  };
  return {
    start,
    call: (method, params) => start(method, params).answer,
    violations,
    end: () => {
      open.clear();
      socket.destroy();
    },
  };
}

function readLines(socket: Socket, take: (message: WireMessage) => void): void {
  let rest = '';
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(JSON.parse(line) as WireMessage);
  });
}

function receive(
  { id, method, params, result, error }: WireMessage,
  open: Map<unknown, OpenCall>,
  violations: string[],
): void {
  const key = method === undefined ? id : params?.['id'];
  const call = open.get(key);
  if (method === '$/chunk') {
    const { sequence, chunk } = params as { sequence: number; chunk: { delta?: string } };
    if (call === undefined) violations.push(`a chunk for ${String(key)}, which is not open`);
    else if (sequence === call.nextSequence++)
      call.pieces.push({ atMs: performance.now(), text: chunk.delta ?? '' });
    else violations.push(`a gap in the stream of ${String(key)}`);
  } else if (method === undefined) {
    if (call === undefined) {
      violations.push(`a second answer for ${String(key)}`);
      return;
    }
    open.delete(key);
    call.settle({
      startedAtMs: call.startedAtMs,
      endedAtMs: performance.now(),
      pieces: call.pieces,
      ...(result === undefined ? {} : { result }),
      ...(error === undefined ? {} : { error }),
    });
  }
}
