import type { Connection } from './connection.ts';
import { ClientError } from './errors.ts';

export interface Opened<S> {
  readonly connection: Connection;
  readonly session: S;
}

/** At most one connection, opened by the first call that needs it and shared by all; a lost one is opened anew. */
export class Link<S> {
  readonly #open: (signal: AbortSignal) => Promise<Opened<S>>;
  readonly #canReopen: boolean;
  readonly #stop = new AbortController();
  /** All that have not ended: beside the one that takes calls there may be one that the daemon ends. */
  readonly #connections = new Set<Connection>();
  #current: Promise<Opened<S>> | undefined;
  /** What the current attempt has opened. */
  #opened: Connection | undefined;
  #wasOpen = false;

  constructor(open: (signal: AbortSignal) => Promise<Opened<S>>, canReopen: boolean) {
    this.#open = open;
    this.#canReopen = canReopen;
  }

  get(): Promise<Opened<S>> {
    if (this.#stop.signal.aborted) return Promise.reject(closedHere());
    if (this.#opened?.takesCalls === false) this.#opened = this.#current = undefined;
    this.#current ??= this.#attempt();
    return this.#current;
  }

  /** Ends every connection, the attempt to make one, and every later call. */
  async close(): Promise<void> {
    this.#stop.abort(closedHere());
    await this.#current?.catch(() => undefined);
    for (const connection of this.#connections) connection.close(closedHere());
  }

  #attempt(): Promise<Opened<S>> {
    if (this.#wasOpen && !this.#canReopen) {
      return Promise.reject(
        new ClientError('ConnectionClosed', 'The connection was lost; `reconnect` is off.'),
      );
    }
    const attempt = this.#open(this.#stop.signal);
    attempt.then(
      ({ connection }) => {
        this.#opened = connection;
        this.#wasOpen = true;
        this.#connections.add(connection);
        void connection.closed.then(() => this.#connections.delete(connection));
      },
      () => {
        if (this.#current === attempt) this.#current = undefined;
      },
    );
    return attempt;
  }
}

function closedHere(): ClientError {
  return new ClientError('ConnectionClosed', 'The client was closed.');
}
