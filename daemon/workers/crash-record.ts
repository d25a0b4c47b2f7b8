import { Streak, type BackOffSettings } from './back-off.ts';
import { LOAD } from './engine.ts';
import type { Quarantine } from './worker.ts';

/** Whose operation ran. */
export interface CrashedCall {
  readonly app: string;
  readonly op: string;
}

export interface Crash {
  /** What ran when the process died; nothing while it was starting. */
  readonly running: readonly CrashedCall[];
  /**
   * Killed by SIGKILL, which no call of an app sends: the user did, or the system for lack of memory.
   * Nobody in particular is to blame.
   */
  readonly isKilled: boolean;
}

const OWN_REASON = 'The engine crashed several times in a row under such calls; they rest.';
const ONE_APP_REASON =
  'The engine crashed several times in a row under calls of one app; that app rests.';

/**
 * The crashes of one worker, and who must wait for them. Crashes in a row without a call that succeeds in between
 * quarantine the worker; but while every one of them is explained by the same app, only what that app asks for.
 */
export class CrashRecord {
  readonly #settings: BackOffSettings;
  readonly #now: () => number;
  readonly #all: Streak;
  /** By app and operation. */
  readonly #byCall = new Map<string, Streak>();
  /** Apps that ran in every crash of the streak without being killed from outside. */
  #suspects: ReadonlySet<string> = new Set();
  /** What ran in the crashes of the streak. */
  #ops = new Set<string>();

  constructor(settings: BackOffSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
    this.#all = new Streak(settings, now);
  }

  crashed({ running, isKilled }: Crash): void {
    const present = isKilled ? [] : running.map(({ app }) => app);
    const isFirst = this.#all.crashes === 0;
    this.#suspects = new Set(present.filter((app) => isFirst || this.#suspects.has(app)));
    if (isFirst) this.#ops.clear();
    for (const { op } of running) this.#ops.add(op);
    this.#all.record();
    if (isKilled) return;
    this.#forgetOld();
    for (const key of new Set(running.map(keyOf))) {
      const streak = this.#byCall.get(key) ?? new Streak(this.#settings, this.#now);
      streak.record();
      this.#byCall.set(key, streak);
    }
  }

  succeeded(call: CrashedCall): void {
    // That it loads says nothing of the calls under which it crashed.
    if (call.op === LOAD && [...this.#ops].some((op) => op !== LOAD)) return;
    if (this.#all.crashes > 0) this.#all.clear();
    if (this.#byCall.size > 0) this.#byCall.delete(keyOf(call));
  }

  /** How long a new process must wait now. */
  delayMs(): number {
    return this.#all.delayMs();
  }

  /** Why nothing may be tried now. */
  quarantine(): Quarantine | undefined {
    if (this.#suspects.size === 1) return undefined;
    return describe(this.#all, 'The engine crashed several times in a row; it rests.');
  }

  /** Why this call may not be tried now. */
  refusal(call: CrashedCall): Quarantine | undefined {
    const all = this.quarantine();
    if (all !== undefined) return all;
    const streak = this.#byCall.get(keyOf(call));
    const own = streak && describe(streak, OWN_REASON);
    if (own !== undefined) return own;
    // Whoever crashes it by one operation after the other is refused them all.
    const isOnlySuspect = this.#suspects.size === 1 && this.#suspects.has(call.app);
    return isOnlySuspect && this.#ops.size > 1 ? describe(this.#all, OWN_REASON) : undefined;
  }

  /** The longest quarantine in force, of whomever. */
  worst(): Quarantine | undefined {
    const all = this.quarantine();
    if (all !== undefined) return all;
    return [this.#all, ...this.#byCall.values()]
      .map((streak) => describe(streak, ONE_APP_REASON))
      .filter((quarantine) => quarantine !== undefined)
      .toSorted((a, b) => b.remainingMs - a.remainingMs)[0];
  }

  #forgetOld(): void {
    for (const [key, streak] of this.#byCall) if (streak.isForgotten) this.#byCall.delete(key);
  }
}

function describe(streak: Streak, reason: string): Quarantine | undefined {
  const remainingMs = streak.quarantineMs();
  return remainingMs === 0 ? undefined : { remainingMs, crashes: streak.crashes, reason };
}

function keyOf({ app, op }: CrashedCall): string {
  return `${op}\n${app}`;
}
