import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY, MINUTE, TokenWindow } from '../../../../daemon/scheduler/quotas/token-window.ts';

describe.each([
  ['a minute', MINUTE],
  ['a day', DAY],
])('%s', (_name, span) => {
  const { spanMs, bucketMs } = span;
  const steps = fc.array(
    fc.record({
      waitMs: fc.nat({ max: Math.ceil(spanMs / 3) }),
      tokens: fc.nat({ max: 1000 }),
    }),
    { maxLength: 60 },
  );

  test('use counts for its whole span, and no longer than one step more', () => {
    fc.assert(
      fc.property(steps, (uses) => {
        const window = new TokenWindow(span);
        const added: { readonly atMs: number; readonly tokens: number }[] = [];
        let nowMs = 0;
        for (const { waitMs, tokens } of uses) {
          nowMs += waitMs;
          window.add(nowMs, tokens);
          added.push({ atMs: nowMs, tokens });
          const sumSince = (ageMs: number) =>
            added
              .filter(({ atMs }) => nowMs - atMs < ageMs)
              .reduce((sum, use) => sum + use.tokens, 0);
          const used = window.used(nowMs);
          expect(used).toBeGreaterThanOrEqual(sumSince(spanMs));
          expect(used).toBeLessThanOrEqual(sumSince(spanMs + bucketMs));
        }
      }),
    );
  });

  test('the wait it names is the shortest', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 5000 }), (uses, most) => {
        const window = new TokenWindow(span);
        let nowMs = 0;
        for (const { waitMs, tokens } of uses) {
          nowMs += waitMs;
          window.add(nowMs, tokens);
        }
        const waitMs = window.msUntil(nowMs, most);
        const copy = () => new TokenWindow(span, window.buckets(nowMs));
        expect(copy().used(nowMs + waitMs)).toBeLessThanOrEqual(most);
        if (waitMs > 0) expect(copy().used(nowMs + waitMs - 1)).toBeGreaterThan(most);
      }),
    );
  });

  test('it remembers a bounded number of steps, however often it is used', () => {
    const window = new TokenWindow(span);
    for (let nowMs = 0; nowMs < 5 * spanMs; nowMs += bucketMs / 4) window.add(nowMs, 1);
    expect(window.buckets(5 * spanMs).length).toBeLessThanOrEqual(spanMs / bucketMs + 1);
  });
});
