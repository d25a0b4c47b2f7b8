import type { Socket } from 'node:net';

/** More than this waiting to be written: nothing more is read, and answers wait. */
const CONGESTED_BYTES = 1024 * 1024;
/** More than this: the peer is dropped. Only what cannot wait for room may come near it. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
/** What the kernel is given at once; a peer that takes a piece is alive. */
const PIECE_BYTES = 64 * 1024;
/** How long a peer may leave its end open after ours is closed and everything is written. */
const LINGER_MS = 1000;

export interface ConnectionOptions {
  readonly onBytes: (bytes: Buffer) => void;
  /** The peer sends nothing more, but may still read. */
  readonly onEnd: () => void;
  readonly onClose: () => void;
  /** Told, before the close, that the peer is dropped for not reading. */
  readonly onDrop?: () => void;
  /** A peer that takes nothing for this long while bytes wait is dropped. */
  readonly stalledWriteMs: number;
  /** Asked when that time is over: a peer that may stall is kept. */
  readonly mayStall?: () => boolean;
}

/** One peer's byte stream with a bounded write queue. The socket must allow half-open connections. */
export interface Connection {
  /** Queues one line at once: for what is small and cannot wait. */
  send(line: string): void;
  /** Queues one line as soon as the peer keeps up; resolves then, or when the connection is gone. */
  sendInTurn(line: string): Promise<void>;
  /** Resolves when the peer has taken something; another may have filled the room again by then. */
  whenTaken(): Promise<void>;
  /** Reads nothing until `release`. */
  hold(): void;
  release(): void;
  readonly isHeld: boolean;
  /** Ends after everything queued is written; reads nothing more. */
  end(): void;
  destroy(): void;
  /** The peer keeps up, or is gone: nothing need wait. */
  readonly hasRoom: boolean;
  readonly isOpen: boolean;
}

export function createConnection(socket: Socket, options: ConnectionOptions): Connection {
  return new SocketConnection(socket, options);
}

class SocketConnection implements Connection {
  isHeld = false;
  readonly #socket: Socket;
  readonly #stalledWriteMs: number;
  readonly #onDrop: () => void;
  readonly #mayStall: () => boolean;
  #isClosed = false;
  #isEnding = false;
  #isWriting = false;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #waiters: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#stalledWriteMs = options.stalledWriteMs;
    this.#onDrop = options.onDrop ?? (() => undefined);
    this.#mayStall = options.mayStall ?? (() => false);
    socket.on('data', (bytes: Buffer) => {
      if (!this.#isEnding) options.onBytes(bytes);
    });
    socket.on('end', options.onEnd);
    // A peer's reset or broken pipe: 'close' follows and tells the rest.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
      this.#queue = [];
      clearTimeout(this.#timer);
      this.#wakeWaiters();
      options.onClose();
    });
  }

  get isOpen(): boolean {
    return !this.#isClosed && !this.#isEnding;
  }

  get hasRoom(): boolean {
    return this.#isClosed || this.#queuedBytes <= CONGESTED_BYTES;
  }

  send(line: string): void {
    if (!this.isOpen) return;
    const bytes = Buffer.from(`${line}\n`);
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#drop();
    else this.#updateReading();
    this.#writeNext();
  }

  async sendInTurn(line: string): Promise<void> {
    while (!this.hasRoom) await this.whenTaken();
    this.send(line);
  }

  whenTaken(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  hold(): void {
    this.isHeld = true;
    this.#updateReading();
  }

  release(): void {
    this.isHeld = false;
    this.#updateReading();
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#updateReading();
    this.#writeNext();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #writeNext(): void {
    if (this.#isWriting || this.#isClosed) return;
    if (this.#queue.length === 0) {
      if (this.#isEnding) this.#endSocket();
      return;
    }
    const piece = this.#takePiece();
    this.#isWriting = true;
    this.#socket.write(piece, (error) => {
      clearTimeout(this.#timer);
      this.#isWriting = false;
      // A connection that failed closes; what was queued is lost with it.
      if (error == null) this.#wrote(piece.length);
    });
    if (this.#socket.writableLength > 0) {
      this.#watchStall();
    }
  }

  #wrote(bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#updateReading();
    if (this.hasRoom) this.#wakeWaiters();
    this.#writeNext();
  }

  /** A connection that ends reads what comes and drops it, so as to see the peer's end. */
  #updateReading(): void {
    const mayRead = this.#isEnding || (this.hasRoom && !this.isHeld);
    if (mayRead === !this.#socket.isPaused()) return;
    if (mayRead) this.#socket.resume();
    else this.#socket.pause();
  }

  /** The start of the queue: part of a long line, or as many short ones as fit. */
  #takePiece(): Buffer {
    const taken: Buffer[] = [];
    let room = PIECE_BYTES;
    while (room > 0) {
      const first = this.#queue.shift();
      if (first === undefined) break;
      taken.push(first.subarray(0, room));
      if (first.length > room) this.#queue.unshift(first.subarray(room));
      room -= first.length;
    }
    return taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken);
  }

  #endSocket(): void {
    this.#socket.end();
    this.#after(LINGER_MS, () => {
      this.#socket.destroy();
    });
  }

  #watchStall(): void {
    this.#after(this.#stalledWriteMs, () => {
      if (this.#mayStall()) this.#watchStall();
      else this.#drop();
    });
  }

  #drop(): void {
    this.#onDrop();
    this.#socket.destroy();
  }

  /** One timer at a time: the later step replaces the earlier one. */
  #after(ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms).unref();
  }

  #wakeWaiters(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
