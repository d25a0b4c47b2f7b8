import type { BootClock } from '../../clock/boot-clock.ts';
import type { BootReading } from '../../clock/boot-reading.ts';

/** A moment by every clock there is, to find out later how long ago it was. */
export interface ClockMark {
  /** By this clock. */
  readonly atMs: number;
  readonly wallMs: number;
  readonly boot: BootReading | undefined;
}

/** Time that quotas count by: it only goes forward, and setting the time of day does not move it. */
export interface QuotaClock {
  /** Costs next to nothing; time that the computer slept is missing until `catchUp`. */
  now(): number;
  /** Counts sleep too, from now on. */
  catchUp(): void;
  mark(): ClockMark;
}

export interface QuotaClockOptions {
  readonly bootClock: BootClock;
  readonly monotonicMs?: () => number;
  readonly wallMs?: () => number;
}

/** No use can be older than time 0: it begins two days later. */
const FIRST_MS = 48 * 60 * 60 * 1000;

/** Goes on from the mark of an earlier daemon, or begins. */
export function createQuotaClock(options: QuotaClockOptions, earlier?: ClockMark): QuotaClock {
  const { bootClock, monotonicMs = () => performance.now(), wallMs = () => Date.now() } = options;
  let boot = bootClock.read();
  let atMs =
    earlier === undefined
      ? FIRST_MS
      : earlier.atMs + elapsedSince(earlier, { boot, wallMs: wallMs() });
  let bootAtMs = atMs;
  let monotonicAt = monotonicMs();

  const now = (): number => atMs + Math.max(0, monotonicMs() - monotonicAt);
  const catchUp = (): void => {
    const reading = bootClock.read();
    atMs = Math.max(now(), bootAtMs + bootElapsed(boot, reading));
    monotonicAt = monotonicMs();
    // After a reading that failed, the next one counts from the last that did not.
    if (reading === undefined) return;
    boot = reading;
    bootAtMs = atMs;
  };
  return {
    now,
    catchUp,
    mark: () => {
      catchUp();
      return { atMs, wallMs: wallMs(), boot };
    },
  };
}

/** In one boot the clock that nobody sets; over a restart of the computer the time of day, and at least this boot. */
function elapsedSince(earlier: ClockMark, later: Omit<ClockMark, 'atMs'>): number {
  const { boot } = later;
  if (boot !== undefined && boot.bootId === earlier.boot?.bootId) {
    return bootElapsed(earlier.boot, boot);
  }
  const isOtherBoot = boot !== undefined && earlier.boot !== undefined;
  return Math.max(0, later.wallMs - earlier.wallMs, isOtherBoot ? boot.elapsedMs : 0);
}

function bootElapsed(before: BootReading | undefined, after: BootReading | undefined): number {
  if (before === undefined || before.bootId !== after?.bootId) return 0;
  return Math.max(0, after.elapsedMs - before.elapsedMs);
}
