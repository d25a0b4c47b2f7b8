import { AppUse, assumeEvenDay, type Reservation } from './app-use.ts';
import type { QuotaClock } from './quota-clock.ts';
import { dayIsFull, minuteIsFull, neverFits, tooManyCalls } from './quota-errors.ts';
import { limitsOf, type QuotaHolder, type QuotaLimits } from './quota-limits.ts';
import { DAY, type TokenBucket } from './token-window.ts';

/** What a call is expected to take; whole numbers, none for a call that computes nothing. */
export interface CallEstimate {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** One quota: what may be used and what is. */
export interface QuotaUse {
  readonly limit: number;
  readonly used: number;
}

/** How much inference each app uses, and may. It knows numbers, never content. */
export interface TokenQuotas {
  /**
   * Throws Busy over the concurrent calls or the tokens per minute, QuotaExceeded over the tokens per day and
   * for a prompt that no waiting makes room for. A call that takes no tokens is bounded in number alone.
   */
  begin(holder: QuotaHolder, estimate: CallEstimate): Reservation;
  /** Of this app alone. What open calls have reserved counts as used. */
  usageOf(holder: QuotaHolder): Record<keyof QuotaLimits, QuotaUse>;
}

/** The use of a day, as it outlives the daemon. */
export interface DayUse {
  readonly apps: ReadonlyMap<string, readonly TokenBucket[]>;
  /** What was used before this moment is not known: every app is taken to have used its day evenly. */
  readonly unknownBeforeMs?: number | undefined;
}

export interface KeptQuotas extends TokenQuotas {
  /** What open calls have reserved is in it as if they had used it: a crash gives nothing back. */
  dayUse(): DayUse;
}

export interface TokenQuotasOptions {
  readonly clock: QuotaClock;
  readonly settings: QuotaLimits;
  readonly earlier: DayUse;
  /** Told whenever a call begins or ends. */
  readonly onUse?: () => void;
}

export function createTokenQuotas(options: TokenQuotasOptions): KeptQuotas {
  const { clock, settings, earlier, onUse = () => undefined } = options;
  const uses = new Map([...earlier.apps].map(([appId, day]) => [appId, new AppUse(day)]));

  const dropIdle = (nowMs: number): void => {
    for (const [appId, use] of uses) if (use.isIdle(nowMs)) uses.delete(appId);
  };
  const useOf = (holder: QuotaHolder): AppUse => {
    const known = uses.get(holder.appId);
    if (known !== undefined) return known;
    const nowMs = clock.now();
    dropIdle(nowMs);
    const { unknownBeforeMs: unknownMs } = earlier;
    const { tokensPerDay } = limitsOf(holder, settings);
    const use = new AppUse(unknownMs === undefined ? [] : assumeEvenDay(unknownMs, tokensPerDay));
    uses.set(holder.appId, use);
    return use;
  };

  return {
    begin: (holder, estimate) => {
      const limits = limitsOf(holder, settings);
      const use = useOf(holder);
      const tokens = assertRoom({ use, limits, clock }, estimate);
      const reservation = use.reserve(tokens, () => clock.now());
      onUse();
      return {
        ...reservation,
        settle: (total) => {
          reservation.settle(total);
          onUse();
        },
      };
    },
    usageOf: (holder) => {
      const limits = limitsOf(holder, settings);
      const use = useOf(holder);
      const nowMs = clock.now();
      return {
        concurrentCalls: { limit: limits.concurrentCalls, used: use.openCalls },
        tokensPerMinute: { limit: limits.tokensPerMinute, used: use.minuteUsed(nowMs) },
        tokensPerDay: { limit: limits.tokensPerDay, used: use.dayUsed(nowMs) },
      };
    },
    dayUse: () => {
      const nowMs = clock.now();
      dropIdle(nowMs);
      const apps = new Map([...uses].map(([appId, use]) => [appId, use.dayBuckets(nowMs)]));
      const { unknownBeforeMs } = earlier;
      const isForgotten =
        unknownBeforeMs === undefined || nowMs >= unknownBeforeMs + DAY.spanMs + DAY.bucketMs;
      return { apps, ...(isForgotten ? {} : { unknownBeforeMs }) };
    },
  };
}

interface Admission {
  readonly use: AppUse;
  readonly limits: QuotaLimits;
  readonly clock: QuotaClock;
}

/** Where the minute is full of calls that still run, nobody knows when one ends. */
const RUNNING_RETRY_MS = 1000;

/** The tokens to reserve for a call; throws where there is no room for it now, or never can be. */
function assertRoom({ use, limits, clock }: Admission, estimate: CallEstimate): number {
  const { concurrentCalls, tokensPerMinute, tokensPerDay } = limits;
  if (use.openCalls >= concurrentCalls) {
    throw tooManyCalls({ limit: concurrentCalls, used: use.openCalls });
  }
  const { promptTokens, completionTokens } = estimate;
  const tokens = Math.min(promptTokens + completionTokens, tokensPerMinute, tokensPerDay);
  if (tokens === 0) return 0;
  // The computer may have slept, which is asked for only where it matters.
  if (use.dayUsed(clock.now()) + tokens > tokensPerDay) clock.catchUp();
  const nowMs = clock.now();
  const day = { limit: tokensPerDay, used: use.dayUsed(nowMs), asked: promptTokens };
  if (promptTokens > day.limit) throw neverFits('tokensPerDay', day);
  if (day.used + tokens > day.limit) {
    const waitMs = use.msUntilDayHas(nowMs, day.limit - tokens);
    throw dayIsFull(day, new Date(Date.now() + waitMs));
  }
  const minute = { limit: tokensPerMinute, used: use.minuteUsed(nowMs), asked: promptTokens };
  if (promptTokens > minute.limit) throw neverFits('tokensPerMinute', minute);
  if (minute.used + tokens > minute.limit) {
    const waitMs = use.msUntilMinuteHas(nowMs, minute.limit - tokens);
    throw minuteIsFull(minute, waitMs ?? RUNNING_RETRY_MS);
  }
  return tokens;
}
