import { expect, test } from 'vitest';
import { chooseThreads } from '../../../../daemon/scheduler/threads/thread-policy.ts';

const cores = (count: number, logical = count) => ({ count, logical });

test.each([
  ['one core', { cores: cores(1), platform: 'linux' }, 1, 1],
  ['two cores', { cores: cores(2), platform: 'linux' }, 1, 1],
  ['two cores with hyper-threads', { cores: cores(2, 4), platform: 'linux' }, 1, 1],
  ['six cores', { cores: cores(6), platform: 'linux' }, 5, 5],
  ['a big machine', { cores: cores(64), platform: 'linux' }, 63, 8],
  ['a Mac, which computes on its GPU', { cores: cores(12), platform: 'darwin' }, 11, 4],
  ["the user's own number", { cores: cores(8), platform: 'linux', setting: 2 }, 2, 2],
  ["the user's hyper-threads", { cores: cores(2, 4), platform: 'linux', setting: 4 }, 4, 4],
  ['a number over the machine', { cores: cores(4), platform: 'linux', setting: 99 }, 4, 4],
  ['nonsense', { cores: cores(4), platform: 'linux', setting: -3 }, 1, 1],
  ['an unknown number of cores', { cores: cores(0), platform: 'linux' }, 1, 1],
] as const)('%s', (_name, policy, total, each) => {
  expect(chooseThreads(policy)).toMatchObject({ total, each });
});

test('says why in a sentence', () => {
  const why = (count: number, setting?: number) =>
    chooseThreads({ cores: cores(count), platform: 'linux', setting }).why;
  expect(why(1)).toBe('There is one core to compute on.');
  expect(why(4)).toBe('One of 4 cores stays free for other programs.');
  expect(why(16)).toBe(
    'One of 16 cores stays free for other programs. More than 8 threads gain nothing.',
  );
  expect(why(4, 2)).toBe('LOCARA_THREADS allows 2 threads.');
});
