/** One decode step of the engine. */
export interface Step {
  readonly tokens: number;
  readonly ms: number;
  readonly kind: 'decode' | 'prefill';
}

/** Finds out how many of its threads an engine can use while other programs use the cores too. */
export interface ThreadTuner {
  readonly threads: number;
  readonly allowed: number;
  /** Takes note of a step; returns the number of threads from the next one on when it changes. */
  observe(step: Step): number | undefined;
  /** The most it may use from now on; returns what to use now. */
  setAllowed(threads: number): number;
}

/** A rate below this share of the best is a collapse: 26 times slower was measured, half is no accident. */
const COLLAPSE_SHARE = 0.5;
/** Slow steps in a row that are enough, or that much time in them. */
const SLOW_STEPS = 8;
const SLOW_MS = 300;
/** What a trial is judged by: that many steps, or that much time in at least two of them. */
const TRIAL_STEPS = 8;
const TRIAL_MS = 300;
/** A trial whose kind of step does not come any more is given up. */
const TRIAL_PATIENCE_MS = 5000;
/** Fewer threads must be this much faster to be worth it; more threads, not slower. */
const WORTH_LESS = 1.1;
const WORTH_MORE = 1;
/** So many steps of one kind, or so long, before fewer threads are tried: the cores may be shared from the start. */
const FIRST_LOOK_STEPS = 16;
const FIRST_LOOK_MS = 300;
/** After fewer threads were not better, they are tried again without a reason, ever more rarely. */
const LOOK_AGAIN_MS = 30_000;
const MAX_LOOK_AGAIN_MS = 600_000;
const BACK_OFF_MS = 5000;
const MAX_BACK_OFF_MS = 60_000;
/** How much of a rate the latest step is. */
const SMOOTHING = 0.25;

interface Pace {
  /** Tokens per millisecond, smoothed; and the best of it. */
  rate: number;
  best: number;
  steps: number;
  ms: number;
  /** Of the slow steps in a row up to now. */
  slowSteps: number;
  slowTokens: number;
  slowMs: number;
}

const NOT_SLOW = { slowSteps: 0, slowTokens: 0, slowMs: 0 } as const;

/** A number of threads that is tried for some steps of one kind. */
interface Trial {
  readonly kind: string;
  readonly from: number;
  /** The rate to beat. */
  readonly fromRate: number;
  readonly startedAt: number;
  tokens: number;
  ms: number;
  steps: number;
}

/**
 * The engine's threads wait for each other at a spin barrier after every layer, so that one core taken by another
 * program stalls all of them. A step's rate is compared with the best of its kind (reading or writing, by power of
 * two of its width). When it collapses, half the threads are tried, and kept if that is faster: else the steps have
 * become slower for a reason of their own. Later more threads are tried again, ever more rarely while it is in vain.
 * `now` is a clock in milliseconds that never goes back.
 */
export function createThreadTuner(
  allowed: number,
  now: () => number = () => performance.now(),
): ThreadTuner {
  return new Tuner(allowed, now);
}

class Tuner implements ThreadTuner {
  readonly #now: () => number;
  readonly #paces = new Map<string, Pace>();
  #allowed: number;
  #threads: number;
  #trial: Trial | undefined;
  #lookAt = 0;
  #lookAgainMs = LOOK_AGAIN_MS;
  #backOffMs = BACK_OFF_MS;
  #retryAt = 0;

  constructor(allowed: number, now: () => number) {
    this.#allowed = atLeastOne(allowed);
    this.#threads = this.#allowed;
    this.#now = now;
  }

  get threads(): number {
    return this.#threads;
  }

  get allowed(): number {
    return this.#allowed;
  }

  setAllowed(threads: number): number {
    const allowed = atLeastOne(threads);
    if (allowed === this.#allowed) return this.#threads;
    // What was slow with the old number says nothing about the new one.
    this.#allowed = allowed;
    this.#threads = allowed;
    this.#trial = undefined;
    this.#lookAt = 0;
    this.#lookAgainMs = LOOK_AGAIN_MS;
    this.#backOffMs = BACK_OFF_MS;
    this.#paces.clear();
    return allowed;
  }

  observe(step: Step): number | undefined {
    if (this.#allowed === 1 || !(step.ms > 0) || !(step.tokens > 0)) return undefined;
    const before = this.#threads;
    const kind = kindOf(step);
    if (this.#trial === undefined) this.#watch(kind, step);
    else this.#judge(this.#trial, kind, step);
    return this.#threads === before ? undefined : this.#threads;
  }

  #watch(kind: string, step: Step): void {
    const pace = this.#note(kind, step);
    const isSlow = pace.slowSteps >= SLOW_STEPS || (pace.slowSteps > 1 && pace.slowMs >= SLOW_MS);
    const fewer = Math.floor(this.#threads / 2);
    if (this.#threads > 1 && isSlow) this.#try(kind, pace.slowTokens / pace.slowMs, fewer);
    else if (this.#threads > 1 && this.#isTimeToLook(step, pace)) this.#try(kind, pace.rate, fewer);
    else if (this.#threads < this.#allowed && this.#isTimeForMore(pace)) {
      this.#try(kind, pace.rate, Math.min(this.#allowed, this.#threads * 2));
    }
  }

  /** A step that reads takes long with fewer threads: for a mere look, steps that write will do. */
  #isTimeToLook({ kind }: Step, { steps, ms }: Pace): boolean {
    const isEnough = steps >= FIRST_LOOK_STEPS || (steps > 1 && ms >= FIRST_LOOK_MS);
    return kind === 'decode' && isEnough && this.#now() >= this.#lookAt;
  }

  #isTimeForMore({ steps }: Pace): boolean {
    return steps >= TRIAL_STEPS && this.#now() >= this.#retryAt;
  }

  #note(kind: string, { tokens, ms }: Step): Pace {
    const rate = tokens / ms;
    const known = this.#paces.get(kind);
    if (known === undefined) {
      const first = { rate, best: rate, steps: 1, ms, ...NOT_SLOW };
      this.#paces.set(kind, first);
      return first;
    }
    known.rate += SMOOTHING * (rate - known.rate);
    known.best = Math.max(known.best, known.rate);
    known.steps += 1;
    known.ms += ms;
    const isSlow = rate < COLLAPSE_SHARE * known.best;
    if (!isSlow) return Object.assign(known, NOT_SLOW);
    known.slowSteps += 1;
    known.slowTokens += tokens;
    known.slowMs += ms;
    return known;
  }

  #try(kind: string, fromRate: number, threads: number): void {
    const from = this.#threads;
    this.#trial = { kind, from, fromRate, startedAt: this.#now(), tokens: 0, ms: 0, steps: 0 };
    this.#threads = threads;
  }

  #judge(trial: Trial, kind: string, { tokens, ms }: Step): void {
    if (kind === trial.kind) {
      trial.tokens += tokens;
      trial.ms += ms;
      trial.steps += 1;
    } else if (this.#now() - trial.startedAt > TRIAL_PATIENCE_MS) {
      this.#end(trial, { isKept: false });
      return;
    }
    const rate = trial.tokens / trial.ms;
    // A step that is far slower is felt: one is enough.
    const isHopeless = rate < COLLAPSE_SHARE * trial.fromRate;
    const isLong = trial.ms >= TRIAL_MS && (trial.steps > 1 || isHopeless);
    if (trial.steps < TRIAL_STEPS && !isLong) return;
    const worth = this.#threads < trial.from ? WORTH_LESS : WORTH_MORE;
    this.#end(trial, { isKept: rate >= worth * trial.fromRate });
  }

  #end({ from }: Trial, { isKept }: { readonly isKept: boolean }): void {
    const wasLess = this.#threads < from;
    this.#trial = undefined;
    // From here on each number of threads is compared with itself alone.
    this.#paces.clear();
    if (!isKept) this.#threads = from;
    if (wasLess) this.#scheduleLook(isKept);
    if (wasLess === isKept) {
      // Fewer threads are better for now: they were chosen, or more were tried in vain.
      this.#retryAt = this.#now() + this.#backOffMs;
      this.#backOffMs = Math.min(MAX_BACK_OFF_MS, this.#backOffMs * 2);
    } else if (!wasLess) {
      this.#retryAt = 0;
      this.#backOffMs = BACK_OFF_MS;
    }
  }

  /** Where fewer were better, still fewer may be better yet. */
  #scheduleLook(wasBetter: boolean): void {
    this.#lookAt = wasBetter ? 0 : this.#now() + this.#lookAgainMs;
    this.#lookAgainMs = wasBetter
      ? LOOK_AGAIN_MS
      : Math.min(MAX_LOOK_AGAIN_MS, this.#lookAgainMs * 2);
  }
}

/** Steps of like width are compared with each other alone: a wide one makes more tokens a second. */
function kindOf({ kind, tokens }: Step): string {
  return `${kind}/${Math.ceil(Math.log2(tokens))}`;
}

function atLeastOne(threads: number): number {
  return Math.max(1, Math.floor(threads));
}
