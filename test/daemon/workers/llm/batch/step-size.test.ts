import { expect, test } from 'vitest';
import { createStepSize } from '../../../../../daemon/workers/llm/batch/step-size.ts';

test('a prompt is first read in the smallest pieces', () => {
  expect(createStepSize({ min: 16, max: 127 }).tokens).toBe(16);
});

test('pieces take about 40 ms', () => {
  const size = createStepSize({ min: 16, max: 127 });
  for (let step = 0; step < 50; step++) size.observe(16, 16);
  expect(size.tokens).toBe(40);
  for (let step = 0; step < 50; step++) size.observe(16, 160);
  expect(size.tokens).toBe(16);
  for (let step = 0; step < 50; step++) size.observe(100, 1);
  expect(size.tokens).toBe(127);
});

test('the short rest of a prompt says nothing about the speed', () => {
  const size = createStepSize({ min: 16, max: 127 });
  size.observe(2, 1000);
  expect(size.tokens).toBe(16);
});
