import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Candidate } from '../../../../daemon/privacy/redaction/recognizer.ts';
import { resolveOverlaps } from '../../../../daemon/privacy/redaction/resolve-overlaps.ts';

const NONE: ReadonlySet<string> = new Set();
const TEXT = 'Portugal 30971 21 253 109 8211 ok';

function candidate(entity: string, [start, end]: readonly [number, number], score: number) {
  return { entity, start, end, score, reason: 'test' };
}

const candidates = fc.array(
  fc
    .tuple(fc.nat(60), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9 }))
    .map(([start, chars, tenths]) => candidate('A', [start, start + chars], tenths / 10)),
  { maxLength: 20 },
);

test('of one that a likelier one reaches into, the rest is not left in the clear', () => {
  const address = candidate('STREET_ADDRESS', [0, 17], 0.9);
  const phone = candidate('PHONE_NUMBER', [15, 30], 0.5);
  expect(resolveOverlaps([address, phone], NONE, TEXT)).toEqual([address, { ...phone, start: 18 }]);
});

test('a rest of less than four characters tells nothing', () => {
  const first = candidate('A', [0, 14], 0.9);
  const second = candidate('B', [9, 17], 0.5);
  expect(resolveOverlaps([first, second], NONE, TEXT)).toEqual([first]);
});

test('findings are in order and never overlap, and the likeliest of all is whole', () => {
  fc.assert(
    fc.property(candidates, (given: readonly Candidate[]) => {
      const found = resolveOverlaps(given, NONE, 'x'.repeat(100));
      for (const [place, { start, end }] of found.entries()) {
        expect(end).toBeGreaterThan(start);
        expect(start).toBeGreaterThanOrEqual(found[place - 1]?.end ?? 0);
      }
      const best = given.toSorted(
        (a, b) => b.score - a.score || b.end - b.start - (a.end - a.start) || a.start - b.start,
      )[0];
      if (best !== undefined) expect(found).toContainEqual(best);
    }),
  );
});
