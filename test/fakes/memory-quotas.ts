import { createQuotaClock } from '../../daemon/scheduler/quotas/quota-clock.ts';
import type { QuotaLimits } from '../../daemon/scheduler/quotas/quota-limits.ts';
import { createTokenQuotas, type KeptQuotas } from '../../daemon/scheduler/quotas/token-quotas.ts';

/** More than any test of something else uses. */
export const WIDE_LIMITS: QuotaLimits = {
  concurrentCalls: 1000,
  tokensPerMinute: 1_000_000_000,
  tokensPerDay: 1_000_000_000,
};

/** Quotas that keep nothing, by a clock without sleep. */
export function createMemoryQuotas(limits: Partial<QuotaLimits> = {}): KeptQuotas {
  const clock = createQuotaClock({ bootClock: { read: () => undefined } });
  const settings = { ...WIDE_LIMITS, ...limits };
  return createTokenQuotas({ clock, settings, earlier: { apps: new Map() } });
}
