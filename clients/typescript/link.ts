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
  #current: Promise<Opened<S>> | undefined;
  #last: Connection | undefined;

  constructor(open: (signal: AbortSignal) => Promise<Opened<S>>, canReopen: boolean) {
    this.#open = open;
    this.#canReopen = canReopen;
  }

  get(): Promise<Opened<S>> {
    if (this.#stop.signal.aborted) return Promise.reject(closedHere());
    if (this.#last?.takesCalls === false) this.#current = undefined;
    this.#current ??= this.#attempt();
    return this.#current;
  }

  /** Ends the connection, the attempt to make one, and every later call. */
  async close(): Promise<void> {
    this.#stop.abort(closedHere());
    const opened = await this.#current?.catch(() => undefined);
    opened?.connection.close(closedHere());
  }

  #attempt(): Promise<Opened<S>> {
    if (this.#last !== undefined && !this.#canReopen) {
      return Promise.reject(
        new ClientError('ConnectionClosed', 'The connection was lost; `reconnect` is off.'),
      );
    }
    const attempt = this.#open(this.#stop.signal);
    attempt.then(
      ({ connection }) => {
        this.#last = connection;
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
