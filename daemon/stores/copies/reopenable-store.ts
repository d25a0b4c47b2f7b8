import { RpcError } from '@locara/protocol/errors';
import type { StoreStart } from '../../workers/store/ops.ts';
import { isUnreadable, markSuspect } from '../database/integrity.ts';
import { openStore, type OpenedStore } from '../database/opening.ts';
import { damaged } from '../database/store-errors.ts';

/** An open store, and which key opened it. */
export interface OpenedWithKey extends OpenedStore {
  readonly key: Uint8Array;
}

interface Open<Served> {
  readonly opened: OpenedWithKey;
  readonly served: Served;
}

/** A store whose file may be swapped while its process runs, and which is held back once it is damaged. */
export class ReopenableStore<Served> {
  readonly #serve: (opened: OpenedWithKey) => Served;
  #start: StoreStart;
  #open: Open<Served> | undefined;
  #problem: RpcError | undefined;

  /**
   * `serve` makes what calls run on from an open store. A store that is Unavailable is held with its reason,
   * for only copies and the user can help it; any other failure to open is thrown.
   */
  constructor(start: StoreStart, serve: (opened: OpenedWithKey) => Served) {
    this.#start = start;
    this.#serve = serve;
    this.#openAgain();
  }

  get path(): string {
    return this.#start.path;
  }

  /** Those that may open this store or a backup of it. */
  get keys(): readonly Uint8Array[] {
    return this.#start.keys;
  }

  /** The last generation that is known of it. */
  get generation(): number {
    return this.#open?.opened.opening.generation ?? this.#start.generation;
  }

  /** Why nothing is served: damaged, lost, rolled back. */
  get problem(): RpcError | undefined {
    return this.#problem;
  }

  /** Runs a call; one that meets a damaged page is the last. Throws `problem` where there is one. */
  serve<T>(work: (served: Served) => T): T {
    const { served } = this.#current();
    try {
      return work(served);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      throw this.condemn();
    }
  }

  /** The open database and its key, for a copy. Throws `problem`. */
  source(): OpenedWithKey {
    return this.#current().opened;
  }

  /** Lets go of the file, makes a change to it, and opens what is there then; also where the change fails. */
  reopen(change: () => void, keys: readonly Uint8Array[] = this.keys): void {
    this.#start = { ...this.#start, generation: this.generation };
    this.#letGo()?.database.close();
    try {
      change();
    } finally {
      this.#start = { ...this.#start, keys };
      this.#openAgain();
    }
  }

  /** Serves it no more; the next opening checks it from end to end. */
  condemn(): RpcError {
    markSuspect(this.path);
    this.#start = { ...this.#start, generation: this.generation };
    this.#problem = damaged();
    this.#letGo()?.database.close();
    return this.#problem;
  }

  /** True when the file's generation was counted on before. */
  close(): boolean {
    return this.#letGo()?.close() ?? false;
  }

  #letGo(): OpenedWithKey | undefined {
    const { opened } = this.#open ?? {};
    this.#open = undefined;
    return opened;
  }

  /** A connection that nobody holds would, at its late end, take the log of the file that is there by then. */
  #serveOrClose(opened: OpenedWithKey): Served {
    try {
      return this.#serve(opened);
    } catch (error) {
      opened.database.close();
      throw error;
    }
  }

  #openAgain(): void {
    this.#problem = undefined;
    try {
      const opened = openWithKey(this.#start);
      this.#open = { opened, served: this.#serveOrClose(opened) };
    } catch (error) {
      if (!(error instanceof RpcError) || error.reason !== 'Unavailable') throw error;
      // The key fitted, and then a page could not be read: damaged, as when a call meets one.
      if (isUnreadable(error)) this.condemn();
      else this.#problem = error;
    }
  }

  #current(): Open<Served> {
    if (this.#open !== undefined) return this.#open;
    throw this.#problem ?? new RpcError('Unavailable', 'The store is closed.');
  }
}

function openWithKey(start: StoreStart): OpenedWithKey {
  const opened = openStore(start);
  const key = start.keys[opened.opening.keyIndex];
  if (key === undefined) throw new Error('no such key');
  return { ...opened, key };
}
