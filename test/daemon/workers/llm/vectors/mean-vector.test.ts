import { expect, test } from 'vitest';
import { createMeanVector } from '../../../../../daemon/workers/llm/vectors/mean-vector.ts';

test('directions count by their weight, whatever their length', () => {
  const mean = createMeanVector(2);
  mean.add(Float32Array.of(100, 0), 3);
  mean.add(Float32Array.of(0, 0.01), 4);
  expect([...mean.value()].map((value) => value.toFixed(4))).toEqual(['0.6000', '0.8000']);
});

test('pieces without a direction do not count, and alone they are zeros', () => {
  const mean = createMeanVector(2);
  mean.add(new Float32Array(2), 9);
  expect([...mean.value()]).toEqual([0, 0]);
  mean.add(Float32Array.of(0, -2), 1);
  expect(mean.value()[1]).toBe(-1);
});
