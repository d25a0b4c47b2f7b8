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

const { mechanism, sigma, expectedCosine, cost } = released;
const effect = { mechanism, sigma, expectedCosine, cost };
const f32 = 'AACAPwAAAEA=';

test.each([
  ['privacy.noise', { ...effect, vectors: [{ f32 }, [1]] }],
  ['privacy.centroid', { ...effect, vector: [0.5, -1] }],
  ['privacy.centroid', { ...effect, vector: { f32 } }],
  ['privacy.drawNoise', { noise: [0.5, -1] }],
  ['privacy.drawNoise', { noise: { f32 } }],
] as const)('what %s released is accepted as the schema would leave it', (method, answer) => {
  expect(methods[method].acceptsResult(answer)).toBe(true);
  expect(methods[method].result.parse(answer)).toEqual(answer);
});

test.each([
  ['a number that is none', [1, Infinity]],
  ['a hole', new Array<number>(2)],
  ['bytes that are no base64', { f32: 'AACAPw' }],
  ['a key that would be stripped', { f32, seed: 1 }],
  ['something else', '1,2'],
  ['nothing', null],
])('a released vector with %s is left to the schema', (_name, vector) => {
  expect(methods['privacy.noise'].acceptsResult({ ...effect, vectors: [vector] })).toBe(false);
  expect(methods['privacy.centroid'].acceptsResult({ ...effect, vector })).toBe(false);
  expect(methods['privacy.drawNoise'].acceptsResult({ noise: vector })).toBe(false);
});

test('keys beside what was released are left to the schema, which strips them', () => {
  expect(methods['privacy.centroid'].acceptsResult({ ...effect, vector: [1], seed: 1 })).toBe(
    false,
  );
  expect(methods['privacy.drawNoise'].acceptsResult({ noise: [1], seed: 1 })).toBe(false);
});
