import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError } from './errors.ts';

const RETRY_MS = 250;

/** Connects to a Unix socket; while nothing listens there yet, tries again until `timeoutMs` has passed. */
export async function openSocket(
  path: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await connectOnce(path, signal);
    } catch (cause) {
      if (signal.aborted) throw new ClientError('ConnectionClosed', 'The client was closed.');
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || !isNotListening(cause)) throw toConnectFailed(cause);
      await sleep(Math.min(RETRY_MS, leftMs), undefined, { signal }).catch(() => undefined);
    }
  }
}

function connectOnce(path: string, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = createConnection({ path, signal });
  socket.once('error', reject);
  socket.once('connect', () => {
    socket.off('error', reject);
    resolve(socket);
  });
  return promise;
}

/** The daemon may still be starting: no socket file yet, or a stale one. */
function isNotListening(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

function toConnectFailed(cause: unknown): ClientError {
  const code = codeOf(cause);
  const message =
    code === 'ENOENT' || code === 'ECONNREFUSED'
      ? 'Nothing answers on the socket: locarad is not running.'
      : `The socket cannot be opened${code === undefined ? '' : ` (${code})`}.`;
  return new ClientError('ConnectFailed', message, cause);
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
