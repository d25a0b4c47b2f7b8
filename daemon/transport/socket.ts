import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { lstatSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { preparePrivateFolder } from '../files/private-folder.ts';

/** The shortest limit of the platforms we run on: macOS, 104 bytes with the closing zero. */
const MAX_PATH_BYTES = 103;

/** Clients that may wait to be accepted, so that a thousand at once are not turned away. */
const BACKLOG = 4096;

class SocketError extends Error {
  override readonly name = 'SocketError';
}

export interface ListenOptions {
  readonly onConnection: (socket: Socket) => void;
  /** The system would not hand over a connection (no file descriptors, no memory); the next one may succeed. */
  readonly onAcceptError: (error: Error) => void;
}

/** A socket that accepts connections. */
export interface Listener {
  readonly path: string;
  /** Stops accepting, and removes the socket file only if it is still ours. */
  close(): void;
}

/**
 * Binds a stream Unix socket: folder 0700 and ours, socket 0600 from its first moment, a stale
 * socket replaced, anything else at the path refused. The caller holds the instance lock.
 */
export async function listenOnSocket(path: string, options: ListenOptions): Promise<Listener> {
  assertPathLength(path);
  preparePrivateFolder(dirname(path));
  await removeStaleSocket(path);
  // A peer that ends its side may still read what it asked for.
  const server = createServer({ allowHalfOpen: true }, options.onConnection);
  await bind(server, path);
  server.on('error', options.onAcceptError);
  const { dev, ino } = lstatSync(path);
  return {
    path,
    close: () => {
      closeWithoutUnlinking(server, path, { dev, ino });
    },
  };
}

/** Throws SocketError for a path that not every platform can bind, with its length. */
export function assertPathLength(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    throw new SocketError(
      `The socket path is ${bytes} bytes long, the limit is ${MAX_PATH_BYTES}: choose a shorter home folder. ${path}`,
    );
  }
}

async function removeStaleSocket(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket() || stats.uid !== process.getuid?.()) {
    throw new SocketError(`Something that is not our socket is in the way: ${path}`);
  }
  if (await answers(path)) throw new SocketError(`Another process listens on ${path}`);
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => {
      resolve(false);
    });
  });
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // bind(2) happens inside listen(): the mask leaves no moment in which others could connect.
    const previous = process.umask(0o177);
    try {
      server.listen({ path, backlog: BACKLOG }, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(previous);
    }
  });
}

/** Node unlinks the path on close even when a newer daemon has bound it: only unlink what is ours. */
function closeWithoutUnlinking(
  server: Server,
  path: string,
  ours: { readonly dev: number; readonly ino: number },
): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || (stats.ino === ours.ino && stats.dev === ours.dev)) server.close();
  else server.unref();
}
