import { RpcError } from '@locara/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createQuotaClock } from '../../../../daemon/scheduler/quotas/quota-clock.ts';
import type { QuotaHolder } from '../../../../daemon/scheduler/quotas/quota-limits.ts';
import {
  createTokenQuotas,
  type DayUse,
} from '../../../../daemon/scheduler/quotas/token-quotas.ts';
import { createFakeBootClock } from '../../../fakes/boot-clock.ts';
import { WIDE_LIMITS } from '../../../fakes/memory-quotas.ts';

const HOUR_MS = 60 * 60 * 1000;
const NOTES: QuotaHolder = { appId: 'acme/notes', manifest: {} };

function setUp(limits: Partial<typeof WIDE_LIMITS> = {}, earlier: DayUse = { apps: new Map() }) {
  const time = { nowMs: 0 };
  const bootClock = createFakeBootClock();
  const clock = createQuotaClock({ bootClock, monotonicMs: () => time.nowMs });
  const settings = { ...WIDE_LIMITS, ...limits };
  const quotas = createTokenQuotas({ clock, settings, earlier });
  const take = (tokens: number, holder = NOTES) => {
    quotas.begin(holder, { promptTokens: tokens, completionTokens: 0 }).settle(tokens);
  };
  return { quotas, time, bootClock, clock, take, used: () => quotas.usageOf(NOTES) };
}

const estimate = (promptTokens: number, completionTokens = 0) => ({
  promptTokens,
  completionTokens,
});

function refusalOf(run: () => unknown): RpcError {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the sliding minute', () => {
  const events = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 20_000 }) }),
      fc.record({ kind: fc.constant('begin' as const), tokens: fc.nat({ max: 60 }) }),
      fc.record({
        kind: fc.constant('note' as const),
        call: fc.nat(),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({
        kind: fc.constant('settle' as const),
        call: fc.nat(),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    ),
    { maxLength: 120, size: 'max' },
  );

  test('no 60 seconds hold more than the limit, and no reservation leaks', () => {
    fc.assert(
      fc.property(events, (happening) => {
        const limit = 100;
        const { quotas, time, used } = setUp({ tokensPerMinute: limit });
        const taken: { readonly atMs: number; readonly tokens: number }[] = [];
        const open: {
          tokens: number;
          charged: number;
          settle: (n: number) => void;
          note: (n: number) => void;
        }[] = [];
        const charge = (call: (typeof open)[number], share: number): number => {
          const total = Math.max(call.charged, Math.floor(call.tokens * share));
          taken.push({ atMs: time.nowMs, tokens: total - call.charged });
          call.charged = total;
          return total;
        };
        for (const event of happening) {
          if (event.kind === 'wait') time.nowMs += event.ms;
          else if (event.kind === 'begin') {
            try {
              const reservation = quotas.begin(NOTES, estimate(event.tokens));
              open.push({ tokens: event.tokens, charged: 0, ...reservation });
            } catch (error) {
              expect(error).toMatchObject({ reason: 'Busy' });
            }
          } else {
            const index = open.length === 0 ? -1 : event.call % open.length;
            const call = open[index];
            if (call === undefined) continue;
            if (event.kind === 'note') call.note(charge(call, event.share));
            else {
              call.settle(charge(call, event.share));
              open.splice(index, 1);
            }
          }
          const last = taken.filter(({ atMs }) => time.nowMs - atMs < 60_000);
          expect(last.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(limit);
          expect(used().concurrentCalls.used).toBe(open.length);
        }
        for (const call of open) call.settle(call.charged);
        time.nowMs += 61_000;
        expect(used()).toMatchObject({
          concurrentCalls: { used: 0 },
          tokensPerMinute: { used: 0 },
        });
      }),
    );
  });

  test('over it a call is Busy, and fits after the wait that it is told', () => {
    const { time, take, used } = setUp({ tokensPerMinute: 100 });
    take(60);
    time.nowMs = 30_000;
    take(40);
    const { reason, details } = refusalOf(() => {
      take(50);
    });
    expect([reason, details]).toEqual([
      'Busy',
      {
        quota: 'tokensPerMinute',
        limit: 100,
        used: 100,
        retryAfterMs: expect.any(Number) as number,
      },
    ]);
    const retryAfterMs = details?.['retryAfterMs'] as number;
    expect(retryAfterMs).toBeGreaterThanOrEqual(30_000);
    expect(retryAfterMs).toBeLessThanOrEqual(31_000);
    time.nowMs += retryAfterMs;
    take(50);
    expect(used().tokensPerMinute).toEqual({ limit: 100, used: 90 });
  });

  test('full of calls that run, it says to try again soon', () => {
    const { quotas, take } = setUp({ tokensPerMinute: 100 });
    quotas.begin(NOTES, estimate(90));
    const { reason, details } = refusalOf(() => {
      take(50);
    });
    expect([reason, details?.['retryAfterMs']]).toEqual(['Busy', 1000]);
  });

  test('a prompt over the whole minute is refused for good', () => {
    const { quotas } = setUp({ tokensPerMinute: 100 });
    const { reason, retryable, details } = refusalOf(() => quotas.begin(NOTES, estimate(101)));
    expect([reason, retryable]).toEqual(['QuotaExceeded', false]);
    expect(details).toEqual({ quota: 'tokensPerMinute', limit: 100, used: 0, asked: 101 });
  });

  test('a short prompt whose answer may be long waits for an empty minute, no more', () => {
    const { quotas, used } = setUp({ tokensPerMinute: 100 });
    quotas.begin(NOTES, estimate(5, 1024)).settle(20);
    expect(used().tokensPerMinute.used).toBe(20);
    expect(refusalOf(() => quotas.begin(NOTES, estimate(5, 1024))).reason).toBe('Busy');
  });

  test('a call that took more than it had reserved counts in full', () => {
    const { quotas, take, used } = setUp({ tokensPerMinute: 100 });
    quotas.begin(NOTES, estimate(10)).settle(500);
    expect(used().tokensPerMinute).toEqual({ limit: 100, used: 500 });
    expect(
      refusalOf(() => {
        take(1);
      }).reason,
    ).toBe('Busy');
  });
});

describe('the day', () => {
  test('over it a call is QuotaExceeded, with the moment from which it fits', () => {
    const { time, take } = setUp({ tokensPerDay: 100 });
    take(80);
    time.nowMs = 3 * HOUR_MS;
    take(20);
    const startedAt = Date.now();
    const { reason, retryable, details } = refusalOf(() => {
      take(30);
    });
    expect([reason, retryable]).toEqual(['QuotaExceeded', false]);
    expect(details).toMatchObject({ quota: 'tokensPerDay', limit: 100, used: 100 });
    const waitMs = Date.parse(details?.['resetsAt'] as string) - startedAt;
    expect(waitMs).toBeGreaterThanOrEqual(21 * HOUR_MS);
    expect(waitMs).toBeLessThanOrEqual(22 * HOUR_MS + 60_000);
    time.nowMs += waitMs;
    take(30);
  });

  test('time that the computer slept counts', () => {
    const { time, bootClock, take } = setUp({ tokensPerDay: 100 });
    take(100);
    time.nowMs += 10_000;
    bootClock.pass(25 * HOUR_MS);
    take(100);
  });

  test('an app that uses it up takes nothing from another', () => {
    const { take } = setUp({ tokensPerDay: 100 });
    take(100);
    take(100, { appId: 'acme/other', manifest: {} });
  });
});

describe('concurrent calls', () => {
  test('are bounded, also those that take no tokens, and end once', () => {
    const { quotas, used } = setUp({ concurrentCalls: 2 });
    const first = quotas.begin(NOTES, estimate(0));
    quotas.begin(NOTES, estimate(5));
    expect(refusalOf(() => quotas.begin(NOTES, estimate(0)))).toMatchObject({
      reason: 'Busy',
      details: { quota: 'concurrentCalls', limit: 2, used: 2, retryAfterMs: 250 },
    });
    first.settle(0);
    first.settle(0);
    expect(used().concurrentCalls.used).toBe(1);
  });

  test('what is refused leaves nothing open', () => {
    const { quotas, used } = setUp({ tokensPerMinute: 10 });
    refusalOf(() => quotas.begin(NOTES, estimate(50)));
    expect(used()).toMatchObject({ concurrentCalls: { used: 0 }, tokensPerDay: { used: 0 } });
  });

  test('a worker whose count is no number is charged the whole reservation', () => {
    const { quotas, used } = setUp();
    quotas.begin(NOTES, estimate(5, 15)).settle(Number.NaN);
    expect(used().tokensPerDay.used).toBe(20);
  });
});

test.each([
  [{ tokens_per_minute: 50 }, 50],
  [{ tokens_per_minute: 500 }, 100],
  [{}, 100],
])('a manifest with %j may use %i tokens in a minute', (limits, expected) => {
  const { quotas } = setUp({ tokensPerMinute: 100 });
  const usage = quotas.usageOf({ appId: 'acme/notes', manifest: { limits } });
  expect(usage.tokensPerMinute.limit).toBe(expected);
});

test('apps whose use is forgotten take no memory', () => {
  const { quotas, time, take } = setUp();
  for (let index = 0; index < 500; index += 1) take(1, { appId: `acme/a${index}`, manifest: {} });
  expect(quotas.dayUse().apps.size).toBe(500);
  time.nowMs += 26 * HOUR_MS;
  take(1);
  expect(quotas.dayUse().apps.size).toBe(1);
});
