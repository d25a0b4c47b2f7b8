import type { StoredValue } from './stored-value.ts';

/** A running query that gives its rows one by one, and sees the database as it was when it began. */
export interface RowReader {
  /** The next row, or undefined after the last. Throws once something else has ended the reader. */
  next(): readonly StoredValue[] | undefined;
  end(): void;
  readonly isEnded: boolean;
}

/** Every reader of one database that is still open. */
export interface Readers {
  open(start: () => Iterator<readonly StoredValue[]>): RowReader;
  readonly endAll: () => void;
}

export function createReaders(toError: (error: unknown) => unknown): Readers {
  const openReaders = new Set<OpenReader>();
  return {
    open: (start) => {
      const reader = new OpenReader(startReading(start, toError), openReaders, toError);
      openReaders.add(reader);
      return reader;
    },
    endAll: () => {
      for (const reader of openReaders) reader.end();
    },
  };
}

function startReading(
  start: () => Iterator<readonly StoredValue[]>,
  toError: (error: unknown) => unknown,
): Iterator<readonly StoredValue[]> {
  try {
    return start();
  } catch (error) {
    throw toError(error);
  }
}

class OpenReader implements RowReader {
  readonly #iterator: Iterator<readonly StoredValue[]>;
  readonly #openReaders: Set<OpenReader>;
  readonly #toError: (error: unknown) => unknown;
  #isEnded = false;
  #isDone = false;

  constructor(
    iterator: Iterator<readonly StoredValue[]>,
    openReaders: Set<OpenReader>,
    toError: (error: unknown) => unknown,
  ) {
    this.#iterator = iterator;
    this.#openReaders = openReaders;
    this.#toError = toError;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  next(): readonly StoredValue[] | undefined {
    if (this.#isDone) return undefined;
    // The rest would be missing without a word.
    if (this.#isEnded) throw new Error('the reader was ended by a write');
    let step: IteratorResult<readonly StoredValue[], unknown>;
    try {
      step = this.#iterator.next();
    } catch (error) {
      this.end();
      throw this.#toError(error);
    }
    if (step.done !== true) return step.value;
    this.#isDone = true;
    this.end();
    return undefined;
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#openReaders.delete(this);
    this.#iterator.return?.();
  }
}
