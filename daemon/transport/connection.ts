import type { Socket } from 'node:net';

/** How much may wait to be written before reading stops, and before the peer is dropped. */
const PAUSE_READING_BYTES = 1024 * 1024;
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

export interface ConnectionOptions {
  readonly onBytes: (bytes: Buffer) => void;
  readonly onClose: () => void;
  /** A peer that reads nothing for this long while bytes wait is dropped. */
  readonly stalledWriteMs: number;
}

/** One peer's byte stream with a bounded write queue. */
export interface Connection {
  /** Queues one line; resolves once the peer keeps up again, or the connection is gone. */
  send(line: string): Promise<void>;
  /** Ends after everything queued is written; reads nothing more. */
  end(): void;
  destroy(): void;
  readonly isOpen: boolean;
}

export function createConnection(socket: Socket, options: ConnectionOptions): Connection {
  let isOpen = true;
  let isEnding = false;
  let waiters: (() => void)[] = [];
  let stalled: NodeJS.Timeout | undefined;

  const release = (): void => {
    clearTimeout(stalled);
    stalled = undefined;
    const released = waiters;
    waiters = [];
    for (const resolve of released) resolve();
  };
  const watchForStall = (): void => {
    stalled ??= setTimeout(() => {
      socket.destroy();
    }, options.stalledWriteMs).unref();
  };

  socket.on('data', (bytes: Buffer) => {
    if (!isEnding) options.onBytes(bytes);
  });
  socket.on('drain', () => {
    release();
    if (!isEnding) socket.resume();
  });
  // A peer's reset or broken pipe: 'close' follows and tells the rest.
  socket.on('error', () => undefined);
  socket.on('end', () => {
    socket.end();
  });
  socket.on('close', () => {
    isOpen = false;
    release();
    options.onClose();
  });

  return {
    send: (line) => {
      if (!isOpen || isEnding) return Promise.resolve();
      socket.write(`${line}\n`);
      const queued = socket.writableLength;
      if (queued > 0) watchForStall();
      if (queued > MAX_QUEUED_BYTES) socket.destroy();
      if (queued <= PAUSE_READING_BYTES) return Promise.resolve();
      socket.pause();
      return new Promise((resolve) => waiters.push(resolve));
    },
    end: () => {
      isEnding = true;
      socket.resume();
      socket.end();
      watchForStall();
    },
    destroy: () => {
      socket.destroy();
    },
    get isOpen() {
      return isOpen && !isEnding;
    },
  };
}
