import { describeDuration } from '@locara/protocol';
import { expect, test } from 'vitest';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [0, '0 minutes'],
  [-5, '0 minutes'],
  [1, '1 minute'],
  [MINUTE + 1, '2 minutes'],
  [HOUR, '1 hour'],
  [HOUR + MINUTE, '1 hour 1 minute'],
  [5 * DAY + 3 * HOUR, '5 days 3 hours'],
  [5 * DAY + 2 * HOUR + 1, '5 days 3 hours'],
  [7 * DAY, '7 days'],
  [DAY - 1, '1 day'],
  [2 * DAY - MINUTE, '2 days'],
])('%d ms is %s, never less than it is', (ms, words) => {
  expect(describeDuration(ms)).toBe(words);
});
