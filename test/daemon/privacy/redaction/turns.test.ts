import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createDetector } from '../../../../daemon/privacy/redaction/detect.ts';
import { createTurns } from '../../../../daemon/privacy/redaction/in-slices.ts';
import { normaliseText } from '../../../../daemon/privacy/redaction/normalise-text.ts';

test('of calls that go on at once, a new one waits for a slice of one of them, not for one of each', async () => {
  const nextTurn = createTurns();
  const gone: string[] = [];
  const wait = async (call: string): Promise<void> => {
    await nextTurn();
    gone.push(call);
  };
  const all = Promise.all(['first', 'second', 'third'].map(wait));
  await setImmediate();
  expect(gone).toEqual(['first']);
  await setImmediate();
  expect(gone).toEqual(['first', 'second']);
  await all;
  await wait('after all others');
  expect(gone).toEqual(['first', 'second', 'third', 'after all others']);
});

test('a text full of what cannot be seen is read in pauses too', () => {
  const text = `${'4\u00ad'.repeat(40_000)} ann@example.org`;
  const search = createDetector({ patterns: ['email'], threshold: 'balanced' }).search(text);
  let pauses = 0;
  let step = search.next();
  for (; step.done !== true; step = search.next()) pauses += 1;
  expect(step.value).toMatchObject([{ entity: 'EMAIL_ADDRESS' }]);
  expect(pauses).toBeGreaterThan(20);
  expect(normaliseText(text).text).toBe(`${'4'.repeat(40_000)} ann@example.org`);
});
