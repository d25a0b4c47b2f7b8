import { expect, test } from 'vitest';
import { methods } from '../../protocol/index.ts';

const { result, acceptsResult } = methods['privacy.noise'];
const released = {
  vectors: [
    [0.5, -1, 0],
    [2, 1e-300, 3],
  ],
  mechanism: 'gaussian',
  sigma: 1,
  expectedCosine: 0.9,
  cost: { rho: 0.5, epsilon: 3, delta: 1e-6, records: 2 },
} as const;

test('released vectors are accepted without a look at each number by the schema, which would leave them as they are', () => {
  expect(acceptsResult(released)).toBe(true);
  expect(result.parse(released)).toEqual(released);
});

test.each([
  ['a number that is none', { ...released, vectors: [[1, NaN]] }],
  ['a hole', { ...released, vectors: [new Array<number>(2)] }],
  ['a vector that is none', { ...released, vectors: ['1,2'] }],
  ['a key that would be stripped', { ...released, seed: 1 }],
  [
    'a key of the cost that would be stripped',
    { ...released, cost: { ...released.cost, seed: 1 } },
  ],
  ['an effect that lacks something', { vectors: released.vectors }],
  ['nothing', null],
])('%s is left to the schema', (_, answer) => {
  expect(acceptsResult(answer)).toBe(false);
});
