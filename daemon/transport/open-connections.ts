import type { Socket } from 'node:net';

interface Closable {
  whenIdle(): Promise<void>;
  close(): void;
}

/** Everyone connected to one socket. */
export class OpenConnections<C extends Closable> implements Iterable<C> {
  readonly #closings = new Map<C, Promise<void>>();

  /** Forgets it when its socket closes. A peer that was refused is no connection. */
  add(socket: Socket, connection: C | undefined): void {
    if (connection === undefined) return;
    const closing = new Promise<void>((resolve) => {
      socket.once('close', () => {
        this.#closings.delete(connection);
        resolve();
      });
    });
    this.#closings.set(connection, closing);
  }

  [Symbol.iterator](): IterableIterator<C> {
    return this.#closings.keys();
  }

  /** Resolves when none of those here now has a call in flight. */
  async whenIdle(): Promise<void> {
    await Promise.all([...this].map((connection) => connection.whenIdle()));
  }

  /** Resolves when all of those here now are closed. */
  async closeAll(): Promise<void> {
    const closings = [...this.#closings.values()];
    for (const connection of this) connection.close();
    await Promise.all(closings);
  }
}
