/** The answer of a streaming method: await it for the result, iterate it for the chunks, or both. */
export interface StreamingCall<C, R> extends Promise<R>, AsyncIterable<C, void, void> {}

/** From here on a stream counts as lagging; the connection stops reading when nothing else needs it. */
export const HIGH_WATER_CHUNKS = 256;

/** Chunks between the socket and one consumer. */
export class ChunkQueue<C> {
  readonly #onDrain: () => void;
  #chunks: C[] = [];
  #head = 0;
  #end: { readonly error?: unknown } | undefined;
  #waiting: (() => void)[] = [];

  constructor(onDrain: () => void) {
    this.#onDrain = onDrain;
  }

  get size(): number {
    return this.#chunks.length - this.#head;
  }

  push(chunk: C): void {
    if (this.#end !== undefined) return;
    this.#chunks.push(chunk);
    this.#wake();
  }

  /** After the chunks that are here: done, or `error`. */
  end(end: { readonly error?: unknown } = {}): void {
    this.#end ??= end;
    this.#wake();
  }

  /** The consumer left: what is here is dropped, and so is what still comes. */
  discard(): void {
    this.#chunks = [];
    this.#head = 0;
    this.end();
  }

  async next(): Promise<IteratorResult<C, void>> {
    while (this.size === 0) {
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    const value = this.#chunks[this.#head++] as C;
    if (this.#head > HIGH_WATER_CHUNKS) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
    if (this.size === 0) this.#onDrain();
    return { done: false, value };
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export interface CallStreamParts<C, R> {
  readonly queue: ChunkQueue<C>;
  readonly result: Promise<R>;
  /** Called when the consumer leaves the loop early. */
  readonly cancel: () => void;
  /** Called when the result or the chunks are first asked for. */
  readonly onUse: (use: 'result' | 'chunks') => void;
}

/** One streaming call; failures reach whoever awaits or iterates, so an unused half never is an unhandled rejection. */
export class CallStream<C, R> implements StreamingCall<C, R> {
  readonly [Symbol.toStringTag] = 'CallStream';
  readonly #parts: CallStreamParts<C, R>;
  #isIterated = false;

  constructor(parts: CallStreamParts<C, R>) {
    this.#parts = parts;
    parts.result.then(
      () => {
        parts.queue.end();
      },
      (error: unknown) => {
        parts.queue.end({ error });
      },
    );
  }

  then<A = R, B = never>(
    onFulfilled?: ((value: R) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#parts.onUse('result');
    return this.#parts.result.then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<R | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<R> {
    this.#parts.onUse('result');
    return this.#parts.result.finally(onFinally);
  }

  [Symbol.asyncIterator](): AsyncIterator<C, void, void> {
    if (this.#isIterated) throw new TypeError('The chunks of a call can be iterated once.');
    this.#isIterated = true;
    const { queue, cancel, onUse } = this.#parts;
    onUse('chunks');
    return {
      next: () => queue.next(),
      return: () => {
        queue.discard();
        cancel();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}
