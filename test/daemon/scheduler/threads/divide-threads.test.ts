import fc from 'fast-check';
import { expect, test } from 'vitest';
import { divideThreads } from '../../../../daemon/scheduler/threads/divide-threads.ts';

const many = { isSingle: false };
const single = { isSingle: true };

test.each([
  ['one engine has all it can use', [many], { total: 7, each: 7 }, [7]],
  ['and no more than it can use', [many], { total: 31, each: 8 }, [8]],
  ['two share', [many, many], { total: 7, each: 7 }, [4, 3]],
  ['an engine with one thread takes one', [single, many], { total: 7, each: 7 }, [1, 6]],
  [
    'each has one, even where there are too few',
    [many, single, many],
    { total: 1, each: 1 },
    [1, 1, 1],
  ],
])('%s', (_name, sharers, budget, threads) => {
  expect(divideThreads(sharers, budget)).toEqual(threads);
});

test('together they never have more than the budget, unless each has only one', () => {
  const sharers = fc.array(fc.record({ isSingle: fc.boolean() }), { maxLength: 20 });
  const sizes = fc.record({
    total: fc.integer({ min: 1, max: 64 }),
    each: fc.integer({ min: 1, max: 64 }),
  });
  fc.assert(
    fc.property(sharers, sizes, (engines, budget) => {
      const threads = divideThreads(engines, budget);
      expect(threads.length).toBe(engines.length);
      expect(Math.min(1, ...threads)).toBe(1);
      expect(Math.max(0, ...threads)).toBeLessThanOrEqual(budget.each);
      const sum = threads.reduce((total, each) => total + each, 0);
      expect(sum).toBeLessThanOrEqual(Math.max(budget.total, engines.length));
    }),
  );
});
