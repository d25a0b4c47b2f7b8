import type { RpcError } from '@locara/protocol/errors';
import type { Token } from '../token.ts';
import type { Batch, RunOutcome, RunRequest } from './batch.ts';
import type { DecodeContext, OutputHandles } from './decode-context.ts';
import type { Invariance } from './invariance.ts';
import { contextOverflow } from '../prompt-limit.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { outputsOf, probabilityOf } from './outputs.ts';
import { planWrites, type WritePlan, type WriteSite } from './plan-writes.ts';
import type { Step } from './thread-tuner.ts';
import {
  cancelledError,
  createRun,
  isWriting,
  readTokens,
  type Run,
  settleRun,
  unreadAtOnce,
} from './run.ts';
import { Seats } from './seats.ts';
import { createStepSize, type StepSize } from './step-size.ts';

export interface BatchOptions {
  readonly context: DecodeContext;
  readonly invariance: Invariance;
  /** Tokens of a prompt that are read at a time, at least. */
  readonly minReadTokens: number;
  /** Told after every step; for those who choose the number of threads. */
  readonly onStep?: (step: Step) => void;
}

/** How long, and for how many tokens, a text that is computed by itself goes on before others have their turn. */
const ALONE_MS = 8;
const ALONE_TOKENS = 16;

export function createBatch(options: BatchOptions): Batch {
  const loop = new DecodeLoop(options);
  return {
    // The engine keeps the last cell of a sequence for itself, and fillers use it.
    contextTokens: options.context.cells,
    run: (request) => loop.add(createRun(request)),
    score: async (request) => {
      const run = createRun(request);
      const outcome = await loop.add(run);
      return { ...outcome, logProbabilities: run.logProbabilities };
    },
    forget: (session) => {
      loop.forget(session);
    },
    setThreads: (threads) => {
      loop.setThreads(threads);
    },
  };
}

class DecodeLoop {
  readonly #options: BatchOptions;
  readonly #seats: Seats;
  readonly #lanes: Lanes = createLanes();
  readonly #stepSize: StepSize;
  #threads: number | undefined;
  #step = 0;
  #isRunning = false;

  constructor(options: BatchOptions) {
    const { context, minReadTokens } = options;
    this.#options = options;
    this.#seats = new Seats(context);
    this.#stepSize = createStepSize({ min: minReadTokens, max: context.maxBatchTokens - 1 });
  }

  async add(run: Run): Promise<RunOutcome> {
    const { signal } = run.request;
    if (signal.aborted) throw cancelledError();
    if (run.tokens.length >= this.#options.context.cells) throw overflow(run, this.#options);
    const cancel = (): void => {
      settleRun(run, cancelledError());
    };
    signal.addEventListener('abort', cancel, { once: true });
    this.#seats.wait(run);
    this.#wake();
    try {
      await run.settlers.promise;
      return { cachedTokens: run.cachedTokens ?? 0 };
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  forget(session: string): void {
    this.#seats.forget(session);
    this.#wake();
  }

  setThreads(threads: number): void {
    this.#threads = threads;
  }

  #wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** Steps as long as somebody waits. The native context is touched nowhere else. */
  async #run(): Promise<void> {
    for (;;) {
      this.#change();
      if (this.#seats.seated.size === 0) {
        this.#isRunning = false;
        return;
      }
      this.#step++;
      await this.#write();
      this.#change();
      await this.#read();
    }
  }

  /** What was asked for since the last decode is done. */
  #change(): void {
    if (this.#threads !== undefined) this.#options.context.setThreads(this.#threads);
    this.#threads = undefined;
    if (this.#seats.change()) this.#lanes.keepOnly(this.#seats.all);
  }

  /** One token for each of the texts whose turn it is. */
  async #write(): Promise<void> {
    const ready = [...this.#seats.seated].filter((run) => !run.isSettled && isWriting(run));
    const runs = this.#lanes.chooseWriters(ready, this.#step);
    const { context, invariance } = this.#options;
    const site = {
      sequences: context.sequences,
      canTruncate: context.canTruncate,
      invariance,
      lengthOf: (sequence: number) => this.#seats.lengthOf(sequence),
    };
    const plans = planWrites(runs, site);
    for (const plan of plans) {
      await this.#decodeWrites(plan);
      const [run] = plan.runs;
      if (plans.length > 1 && plan.runs.length === 1 && run !== undefined) {
        await this.#writeOn(run, site);
      }
    }
  }

  /** A few more tokens of a text that is computed by itself: the engine goes on faster where it just was. */
  async #writeOn(run: Run, site: WriteSite): Promise<void> {
    const until = performance.now() + ALONE_MS;
    for (let more = 1; more < ALONE_TOKENS && performance.now() < until; more++) {
      if (run.isSettled || run.seat === undefined || !isWriting(run)) return;
      for (const plan of planWrites([run], site)) await this.#decodeWrites(plan);
    }
  }

  async #decodeWrites({ entries, runs }: WritePlan): Promise<void> {
    const { context } = this.#options;
    const written = runs.filter((run) => run !== undefined);
    const handles = await this.#decode('decode', entries, written);
    // The sequences of fillers are others': what they hold must not depend on how the decode ended.
    for (const [at, { sequence, position }] of entries.entries()) {
      if (runs[at] === undefined) context.truncate(sequence, position);
    }
    if (handles === undefined) return;
    for (const [at, run] of runs.entries()) {
      if (run === undefined) continue;
      run.seat?.tokens.push(...(entries[at]?.tokens ?? []));
      run.stepAt = this.#step;
      this.#lanes.countWritten(run);
    }
    await this.#choose(runs, handles);
  }

  /** A piece of the prompt whose turn it is. */
  async #read(): Promise<void> {
    const ready = [...this.#seats.seated].filter((run) => !run.isSettled && !isWriting(run));
    const run = this.#lanes.chooseReader(ready, this.#step);
    if (run?.seat === undefined) return;
    const position = readTokens(run);
    const left = unreadAtOnce(run);
    // One token alone would go through other kernels than the rest of the prompt.
    const size = left <= this.#stepSize.tokens + 1 ? left : this.#stepSize.tokens;
    const tokens = run.tokens.slice(position, position + size);
    const outputs = outputsOf(run, position, size);
    const entry = { sequence: run.seat.sequence, position, tokens, outputs };
    const decoded = await this.#decode('prefill', [entry], [run]);
    if (decoded === undefined) return;
    const [handles = []] = decoded;
    run.seat.tokens.push(...tokens);
    run.stepAt = this.#step;
    this.#lanes.countRead(run, size);
    if ('target' in run.request) await this.#score(run, position, handles);
    else {
      run.request.onRead?.(position + size);
      await this.#choose([run], [handles]);
    }
  }

  /** Not a single run survives a decode that failed: nobody knows what the engine holds. */
  async #decode(
    kind: Step['kind'],
    entries: Parameters<DecodeContext['decode']>[0],
    runs: readonly Run[],
  ): Promise<readonly OutputHandles[] | undefined> {
    const startedAt = performance.now();
    try {
      const handles = await this.#options.context.decode(entries);
      const ms = performance.now() - startedAt;
      const tokens = entries.reduce((sum, entry) => sum + entry.tokens.length, 0);
      if (kind === 'prefill') this.#stepSize.observe(tokens, ms);
      this.#options.onStep?.({ kind, tokens, ms });
      return handles;
    } catch {
      for (const run of runs) {
        this.#seats.discard(run);
        settleRun(run, new Error('the engine could not read a batch'));
      }
      return undefined;
    }
  }

  /** The next token of each run that has an output, and what its caller makes of it. */
  async #choose(
    runs: readonly (Run | undefined)[],
    handles: readonly OutputHandles[],
  ): Promise<void> {
    const chosen = runs.flatMap((run, at) => {
      const handle = handles[at]?.[0];
      return run === undefined || handle === undefined || run.isSettled ? [] : [{ run, handle }];
    });
    const [first, ...others] = chosen;
    if (first === undefined) return;
    // The first access after a decode puts the outputs in order, in place and without a lock.
    await this.#chooseOne(first.run, first.handle);
    await Promise.all(others.map(({ run, handle }) => this.#chooseOne(run, handle)));
  }

  async #chooseOne(run: Run, handle: number): Promise<void> {
    const { request } = run;
    if ('target' in request) return;
    try {
      const token = await this.#options.context.sample(handle, request.sampler);
      if (!run.isSettled) this.#accept(run, request, token);
    } catch (error) {
      settleRun(run, error);
    }
  }

  #accept(run: Run, request: RunRequest, token: Token): void {
    const next = request.onToken(token);
    if (next === undefined || next.length === 0) settleRun(run);
    else if (run.tokens.length + next.length >= this.#options.context.cells) {
      settleRun(run, overflow(run, this.#options));
    } else run.tokens.push(...next);
  }

  async #score(run: Run, position: number, handles: OutputHandles): Promise<void> {
    const { request } = run;
    if (!('target' in request)) return;
    const outputs = outputsOf(run, position, readTokens(run) - position);
    for (const [at, output] of outputs.entries()) {
      const handle = handles[at];
      if (handle === undefined) return;
      const token = run.tokens[position + output + 1];
      const probabilities = await this.#options.context.probabilities(handle);
      run.logProbabilities.push(Math.log(probabilityOf(token, probabilities)));
    }
    if (run.logProbabilities.length === request.target.length) settleRun(run);
  }
}

function overflow(run: Run, { context }: BatchOptions): RpcError {
  return contextOverflow({ promptTokens: run.tokens.length, contextTokens: context.cells });
}
