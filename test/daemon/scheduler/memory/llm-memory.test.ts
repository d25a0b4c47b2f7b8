import { expect, test } from 'vitest';
import { estimateLlmMemory } from '../../../../daemon/scheduler/memory/llm-memory.ts';

/** 135 million parameters in Q8_0: 30 layers with 3 of 9 heads keeping keys of 64 numbers. */
const SHAPE = {
  fileBytes: 144_153_664,
  layers: 30,
  width: 576,
  feedForward: 1536,
  vocabulary: 49_152,
  heads: 9,
  keyValueNumbers: 30 * 3 * (64 + 64),
  stateBytes: 0,
};

/** Resident memory of the real worker after prompts on every sequence, MB of 10^6. */
test.each([
  ['generate', 1024, 1, 333e6],
  ['generate', 2048, 8, 696e6],
  ['generate', 8192, 1, 506e6],
  ['generate', 8192, 8, 1842e6],
  ['embed', 2048, 1, 445e6],
] as const)(
  'to %s with %i tokens in %i sequences is estimated closely',
  (purpose, contextTokens, sequences, measured) => {
    const { totalBytes } = estimateLlmMemory(SHAPE, {
      purpose,
      isCausal: true,
      contextTokens,
      sequences,
    });
    expect(totalBytes / measured).toBeGreaterThan(1);
    expect(totalBytes / measured).toBeLessThan(1.4);
  },
);

test('a model that reads in both directions keeps no keys', () => {
  const use = { purpose: 'embed', contextTokens: 512, sequences: 1 } as const;
  expect(estimateLlmMemory(SHAPE, { ...use, isCausal: false }).contextBytes).toBe(0);
  expect(estimateLlmMemory(SHAPE, { ...use, isCausal: true }).contextBytes).toBeGreaterThan(0);
});
