import { expect, test } from 'vitest';
import { resolveSampling } from '../../../../daemon/workers/llm/sampling.ts';

test('what the caller left open gets the documented defaults', () => {
  const { seed, ...others } = resolveSampling({ stop: [] }, 100);
  expect(others).toEqual({
    maxTokens: 100,
    temperature: 0.8,
    topP: 0.95,
    topK: 40,
    minP: 0.05,
    repeatPenalty: 1,
    presencePenalty: 0,
    frequencyPenalty: 0,
  });
  expect(seed).toSatisfy(Number.isInteger);
});

test('tokens are clamped to what the context leaves', () => {
  expect(resolveSampling({ stop: [], maxTokens: 500 }, 100).maxTokens).toBe(100);
  expect(resolveSampling({ stop: [], maxTokens: 5 }, 100).maxTokens).toBe(5);
});

test('no seed of a caller is the one that means random', () => {
  expect(resolveSampling({ stop: [], seed: 0xffff_ffff }, 100).seed).toBe(0);
  expect(resolveSampling({ stop: [], seed: 7 }, 100).seed).toBe(7);
});
