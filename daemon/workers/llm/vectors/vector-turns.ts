import { createLanes, type Lanes } from '../batch/lanes.ts';
import { cancelledError, type Laned } from '../batch/run.ts';
import type { VectorContext } from '../library/native-vectors.ts';
import { notFiniteError } from '../not-finite.ts';
import type { Caller } from '../ops.ts';
import type { Token } from '../token.ts';

export interface VectorRequest {
  readonly caller: Caller;
  /** Each of at least one token, and no longer than the model reads at once. */
  readonly inputs: readonly (readonly Token[])[];
  readonly signal: AbortSignal;
  /** Takes the numbers of each input, in order. */
  readonly onVector: (vector: Float32Array, index: number) => void;
}

/**
 * Texts of many callers in front of one context that reads one text at a time. Owners get equal numbers of
 * tokens: whoever comes waits for one text of another's at most.
 */
export interface VectorTurns {
  /** Fails with Cancelled through the signal, with Unavailable where the model computes no numbers. */
  read(request: VectorRequest): Promise<void>;
  setThreads(threads: number): void;
}

export function createVectorTurns(context: VectorContext): VectorTurns {
  const loop = new TurnLoop(context);
  return {
    read: (request) => loop.add(request),
    setThreads: (threads) => {
      loop.setThreads(threads);
    },
  };
}

interface Job extends Laned {
  readonly request: VectorRequest;
  /** The input that is read next. */
  next: number;
  stepAt: number;
  readonly settlers: PromiseWithResolvers<undefined>;
}

class TurnLoop {
  readonly #context: VectorContext;
  readonly #lanes: Lanes = createLanes();
  readonly #jobs = new Set<Job>();
  #threads: number | undefined;
  #step = 0;
  #isRunning = false;

  constructor(context: VectorContext) {
    this.#context = context;
  }

  async add(request: VectorRequest): Promise<void> {
    const { signal, inputs } = request;
    if (signal.aborted) throw cancelledError();
    if (inputs.length === 0) return;
    const settlers = Promise.withResolvers<undefined>();
    const job: Job = { request, next: 0, stepAt: 0, settlers };
    const cancel = (): void => {
      this.#settle(job, cancelledError());
    };
    signal.addEventListener('abort', cancel, { once: true });
    this.#jobs.add(job);
    this.#wake();
    try {
      await settlers.promise;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  setThreads(threads: number): void {
    this.#threads = threads;
  }

  #wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** The native context is touched nowhere else. */
  async #run(): Promise<void> {
    for (;;) {
      const jobs = [...this.#jobs];
      this.#lanes.keepOnly(jobs);
      const job = this.#lanes.chooseReader(jobs, ++this.#step);
      if (job === undefined) {
        this.#isRunning = false;
        return;
      }
      if (this.#threads !== undefined) this.#context.setThreads(this.#threads);
      this.#threads = undefined;
      await this.#readOne(job);
    }
  }

  async #readOne(job: Job): Promise<void> {
    const { inputs, onVector } = job.request;
    const index = job.next++;
    const tokens = inputs[index] ?? [];
    job.stepAt = this.#step;
    this.#lanes.countRead(job, tokens.length);
    try {
      const vector = await this.#context.read(tokens);
      // Its caller may have left meanwhile.
      if (!this.#jobs.has(job)) return;
      if (!vector.every(Number.isFinite)) throw notFiniteError();
      onVector(vector, index);
      if (job.next === inputs.length) this.#settle(job);
    } catch (error) {
      this.#settle(job, error);
    }
  }

  #settle(job: Job, error?: unknown): void {
    if (!this.#jobs.delete(job)) return;
    if (error === undefined) job.settlers.resolve(undefined);
    else job.settlers.reject(error);
  }
}
