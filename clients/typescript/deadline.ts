import { RpcError } from '@locara/protocol';
import type { Connection } from './connection.ts';
import { ClientError } from './errors.ts';

interface ConnectWork<T> {
  readonly work: Promise<T>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The work of opening a session; a silent daemon, a closed client or any failure closes the connection. */
export async function untilClosed<T>(
  connection: Connection,
  { work, timeoutMs, signal }: ConnectWork<T>,
): Promise<T> {
  const onAbort = (): void => {
    connection.close(new ClientError('ConnectionClosed', 'The client was closed.'));
  };
  const timer = setTimeout(() => {
    connection.close(new ClientError('ConnectFailed', 'The daemon did not answer in time.'));
  }, timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const ended = connection.closed.then((error) => {
    throw error;
  });
  try {
    return await Promise.race([work, ended]);
  } catch (error) {
    connection.close();
    throw signal.aborted ? error : toConnectFailure(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** What the daemon said before it hung up, else ConnectFailed. */
function toConnectFailure(error: unknown): unknown {
  if (!(error instanceof ClientError) || error.code !== 'ConnectionClosed') return error;
  if (error.cause instanceof RpcError) return error.cause;
  return new ClientError('ConnectFailed', 'The daemon hung up during the handshake.', error);
}
