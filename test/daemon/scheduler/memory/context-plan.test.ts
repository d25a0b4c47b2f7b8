import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  contextTierTokens,
  planContext,
} from '../../../../daemon/scheduler/memory/context-plan.ts';

const GIB = 2 ** 30;
const WISH = { trainedTokens: 32_768, maxTokens: 8192, maxSequences: 8 };

test.each([
  [8, 4096],
  [16, 8192],
  [64, 16_384],
])('a machine of %i GiB gives at most %i tokens', (gib, tokens) => {
  expect(contextTierTokens(gib * GIB)).toBe(tokens);
});

test('sequences are given up before context', () => {
  const plan = planContext(
    WISH,
    ({ contextTokens, sequences }) => contextTokens * sequences <= 20_000,
  );
  expect(plan).toEqual({ contextTokens: 8192, sequences: 2 });
});

test('context is halved when one sequence is too much, down to a floor', () => {
  expect(planContext(WISH, ({ contextTokens }) => contextTokens <= 3000)).toEqual({
    contextTokens: 2048,
    sequences: 1,
  });
  expect(planContext(WISH, () => false)).toEqual({ contextTokens: 512, sequences: 1 });
});

test('no plan has more than the model was trained with, the machine allows, or the setting says', () => {
  const count = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(
      count,
      count,
      fc.integer({ min: 1, max: 32 }),
      count,
      (trained, max, most, room) => {
        const wish = { trainedTokens: trained, maxTokens: max, maxSequences: most };
        const plan = planContext(wish, (tried) => tried.contextTokens * tried.sequences <= room);
        expect(plan.contextTokens).toBeLessThanOrEqual(Math.min(trained, max));
        expect(plan.sequences).toBeLessThanOrEqual(most);
        expect(plan.sequences).toBeGreaterThan(0);
        const isFloor = plan.contextTokens <= 512 && plan.sequences === 1;
        expect(isFloor || plan.contextTokens * plan.sequences <= room).toBe(true);
      },
    ),
  );
});
