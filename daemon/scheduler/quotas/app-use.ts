import { DAY, indexOf, MINUTE, type TokenBucket, TokenWindow } from './token-window.ts';

/** Room for one call. What it is expected to take counts as used until it ends. */
export interface Reservation {
  /** Computed so far, at least: counts from now on, whatever comes of the call. */
  note(tokens: number): void;
  /** Ends the call, which took this much in all. What comes after it is ignored. */
  settle(tokens: number): void;
}

/** What one app uses: calls that are open, with the tokens they have reserved, and what ended calls took. */
export class AppUse {
  readonly #minute = new TokenWindow(MINUTE);
  readonly #day: TokenWindow;
  #openCalls = 0;
  #reserved = 0;

  constructor(dayBuckets: readonly TokenBucket[] = []) {
    this.#day = new TokenWindow(DAY, dayBuckets);
  }

  get openCalls(): number {
    return this.#openCalls;
  }

  minuteUsed(nowMs: number): number {
    return this.#minute.used(nowMs) + this.#reserved;
  }

  dayUsed(nowMs: number): number {
    return this.#day.used(nowMs) + this.#reserved;
  }

  /** How long until the last minute has at most `tokens`; undefined when only the end of a call changes that. */
  msUntilMinuteHas(nowMs: number, tokens: number): number | undefined {
    const left = tokens - this.#reserved;
    return left < 0 ? undefined : this.#minute.msUntil(nowMs, left);
  }

  /** The same for the last 24 hours, as if the open calls ended now and had taken nothing. */
  msUntilDayHas(nowMs: number, tokens: number): number {
    return this.#day.msUntil(nowMs, Math.max(0, tokens));
  }

  isIdle(nowMs: number): boolean {
    return this.#openCalls === 0 && this.minuteUsed(nowMs) === 0 && this.dayUsed(nowMs) === 0;
  }

  /** Of the day, with what is reserved as if it were used now. */
  dayBuckets(nowMs: number): readonly TokenBucket[] {
    const buckets = this.#day.buckets(nowMs);
    if (this.#reserved === 0) return buckets;
    return [...buckets, { index: indexOf(DAY, nowMs), tokens: this.#reserved }];
  }

  /** Opens a call that is expected to take `tokens`; `now` tells when what it takes is used. */
  reserve(tokens: number, now: () => number): Reservation {
    let reserved = tokens;
    let charged = 0;
    let isOpen = true;
    const release = (most: number): void => {
      const released = Math.min(reserved, most);
      reserved -= released;
      this.#reserved -= released;
    };
    const charge = (total: number): void => {
      const more = Math.ceil(total) - charged;
      // Also of what is no number: then the reservation stands.
      if (!(more > 0)) return;
      charged += more;
      const nowMs = now();
      this.#minute.add(nowMs, more);
      this.#day.add(nowMs, more);
      release(more);
    };
    this.#openCalls += 1;
    this.#reserved += reserved;
    return {
      note: (total) => {
        if (isOpen) charge(total);
      },
      settle: (total) => {
        if (!isOpen) return;
        isOpen = false;
        charge(Number.isFinite(total) ? total : charged + reserved);
        release(reserved);
        this.#openCalls -= 1;
      },
    };
  }
}

/** Of a day of which nothing is known any more, all but this part is taken to be used, an hour's worth each hour. */
const HOURS = DAY.spanMs / DAY.bucketMs;

/**
 * An even use of the 24 hours before `atMs` that left one hour's worth: as it grows old, another hour's worth
 * comes free every hour. So nothing is given away, and nobody is locked out for a day.
 */
export function assumeEvenDay(atMs: number, tokensPerDay: number): readonly TokenBucket[] {
  const newest = indexOf(DAY, atMs);
  const tokens = Math.ceil(tokensPerDay / HOURS);
  return Array.from({ length: HOURS - 1 }, (_, hour) => ({
    index: newest - HOURS + 1 + hour,
    tokens,
  }));
}
