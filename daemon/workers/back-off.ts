/** How long crashes keep a worker waiting. */
export interface BackOffSettings {
  /** Wait before the first restart; doubles with every further crash in a row. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Crashes in a row after which nothing is tried for a while. */
  readonly crashesToQuarantine: number;
  /** Length of the first quarantine; doubles while the crashes go on. */
  readonly quarantineMs: number;
  readonly maxQuarantineMs: number;
}

export const BACK_OFF: BackOffSettings = {
  firstDelayMs: 100,
  maxDelayMs: 10_000,
  crashesToQuarantine: 3,
  quarantineMs: 30_000,
  maxQuarantineMs: 600_000,
};

/** Counts crashes in a row, by what was being done, and says when to try again. */
export interface BackOff {
  recordCrash(activity: string): void;
  recordSuccess(activity: string): void;
  /** How long a new process must wait now. */
  delayMs(): number;
  /** How long this activity stays refused; 0 when it may be tried. */
  quarantineMs(activity: string): number;
}

interface Streak {
  readonly crashes: number;
  readonly lastAt: number;
}

export function createBackOff(settings: BackOffSettings, now: () => number): BackOff {
  const streaks = new Map<string, Streak>();
  const leftMs = (streak: Streak, totalMs: number): number =>
    Math.max(0, Math.ceil(streak.lastAt + totalMs - now()));
  return {
    recordCrash(activity) {
      const crashes = (streaks.get(activity)?.crashes ?? 0) + 1;
      streaks.set(activity, { crashes, lastAt: now() });
    },
    recordSuccess(activity) {
      streaks.delete(activity);
    },
    delayMs() {
      const { firstDelayMs, maxDelayMs } = settings;
      const delays = [...streaks.values()].map((streak) =>
        leftMs(streak, Math.min(maxDelayMs, firstDelayMs * 2 ** (streak.crashes - 1))),
      );
      return Math.max(0, ...delays);
    },
    quarantineMs(activity) {
      const streak = streaks.get(activity);
      const excess = (streak?.crashes ?? 0) - settings.crashesToQuarantine;
      if (streak === undefined || excess < 0) return 0;
      return leftMs(
        streak,
        Math.min(settings.maxQuarantineMs, settings.quarantineMs * 2 ** excess),
      );
    },
  };
}
