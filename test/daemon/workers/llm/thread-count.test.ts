import { expect, test } from 'vitest';
import { chooseThreads } from '../../../../daemon/workers/llm/thread-count.ts';

test.each([
  ['one core', { cores: 1, platform: 'linux' }, 1],
  ['two cores', { cores: 2, platform: 'linux' }, 1],
  ['six cores', { cores: 6, platform: 'linux' }, 5],
  ['a big machine', { cores: 64, platform: 'linux' }, 8],
  ['a Mac, which computes on its GPU', { cores: 12, platform: 'darwin' }, 4],
  ["the user's own number", { cores: 8, platform: 'linux', setting: 2 }, 2],
  ['a number over the machine', { cores: 4, platform: 'linux', setting: 99 }, 4],
  ['nonsense', { cores: 4, platform: 'linux', setting: -3 }, 1],
  ['an unknown number of cores', { cores: 0, platform: 'linux' }, 1],
] as const)('%s', (_name, policy, threads) => {
  expect(chooseThreads(policy)).toBe(threads);
});
