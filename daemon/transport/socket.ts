import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { chmodSync, lstatSync, mkdirSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';

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

/** Creates a folder 0700; an existing one must be a real folder, ours, and closed to others. */
export function preparePrivateFolder(folder: string): void {
  makeFolder(folder);
  const stats = lstatSync(folder);
  if (!stats.isDirectory()) throw new SocketError(`Not a folder: ${folder}`);
  if (stats.uid !== process.getuid?.()) {
    throw new SocketError(`The folder belongs to another user: ${folder}`);
  }
  if ((stats.mode & 0o022) !== 0) {
    throw new SocketError(
      `Others may write to this folder, so anyone could replace what is in it. Run: chmod 700 ${folder}`,
    );
  }
  if ((stats.mode & 0o077) !== 0) chmodSync(folder, 0o700);
  assertNobodyReplaces(folder);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    // macOS asks the user before a program may use a group container, and says EPERM when the answer was no.
    throw new SocketError(`This folder cannot be made (${code}): ${folder}`, { cause: error });
  }
}

/** Whoever may write to the folder above could put another one in this one's place. */
function assertNobodyReplaces(folder: string): void {
  const above = dirname(folder);
  const { uid, gid, mode } = statSync(above);
  if (uid !== process.getuid?.() && uid !== 0) {
    throw new SocketError(`The folder belongs to another user: ${above}`);
  }
  const isSticky = (mode & 0o1000) !== 0;
  // With an umask of 002 a folder is open to its owner's private group, which has the owner's number;
  // a group with another number, as macOS's staff, is everyone's.
  const isPrivateGroup = gid === process.getgid?.() && gid === uid;
  const isOpenToGroup = (mode & 0o020) !== 0 && !isPrivateGroup;
  if (!isSticky && (isOpenToGroup || (mode & 0o002) !== 0)) {
    throw new SocketError(
      `Others may write to this folder, so anyone could replace what is in it. Run: chmod go-w ${above}`,
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
