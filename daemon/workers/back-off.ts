/** How long crashes keep a worker waiting. */
export interface BackOffSettings {
  /** Wait before the first restart; doubles with every further crash in a row. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Crashes in a row after which nothing is tried for a while. */
  readonly crashesToQuarantine: number;
  /** Length of the first quarantine; doubles while the crashes go on. */
  readonly quarantineMs: number;
  /** A crash every two minutes costs little; a longest rest keeps nobody out for long who is not to blame. */
  readonly maxQuarantineMs: number;
}

export const BACK_OFF: BackOffSettings = {
  firstDelayMs: 100,
  maxDelayMs: 10_000,
  crashesToQuarantine: 3,
  quarantineMs: 30_000,
  maxQuarantineMs: 120_000,
};

/** After this long without another, crashes are no longer in a row. */
const FORGOTTEN_AFTER_MS = 600_000;

/** Crashes in a row, and how long they keep from another try. */
export class Streak {
  readonly #settings: BackOffSettings;
  readonly #now: () => number;
  #crashes = 0;
  #lastAt = -Infinity;

  constructor(settings: BackOffSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  get crashes(): number {
    return this.isForgotten ? 0 : this.#crashes;
  }

  get isForgotten(): boolean {
    return this.#now() - this.#lastAt >= FORGOTTEN_AFTER_MS;
  }

  record(): void {
    this.#crashes = this.crashes + 1;
    this.#lastAt = this.#now();
  }

  clear(): void {
    this.#crashes = 0;
    this.#lastAt = -Infinity;
  }

  /** How long a new process must wait now. */
  delayMs(): number {
    const { firstDelayMs, maxDelayMs } = this.#settings;
    if (this.crashes === 0) return 0;
    return this.#leftOf(Math.min(maxDelayMs, firstDelayMs * 2 ** (this.crashes - 1)));
  }

  /** How long nothing may be tried now; 0 when it may. After it one try is free. */
  quarantineMs(): number {
    const { crashesToQuarantine, quarantineMs, maxQuarantineMs } = this.#settings;
    const excess = this.crashes - crashesToQuarantine;
    return excess < 0 ? 0 : this.#leftOf(Math.min(maxQuarantineMs, quarantineMs * 2 ** excess));
  }

  #leftOf(totalMs: number): number {
    return Math.max(0, Math.ceil(this.#lastAt + totalMs - this.#now()));
  }
}
