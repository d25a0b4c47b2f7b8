import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { collection, commit, drain, embedBy, openApp } from '../../support/collections-app.ts';

/** CPU milliseconds that `work` took, and the most of them between two turns of something else. */
async function timeTurns(work: Promise<unknown>): Promise<{ total: number; longest: number }> {
  const ended = work.then(() => true);
  let [total, longest] = [0, 0];
  for (let isOver = false; !isOver;) {
    const before = process.cpuUsage();
    isOver = await Promise.race([ended, setImmediate(false)]);
    const { user, system } = process.cpuUsage(before);
    total += (user + system) / 1000;
    longest = Math.max(longest, (user + system) / 1000);
  }
  return { total, longest };
}

test('a file of nothing but line ends leaves the daemon turns for its other callers', async () => {
  const { call, blobs, using } = await openApp();
  const lines = 900_000;
  const blob = await commit(blobs, '\n'.repeat(lines));
  const handlers = using(embedBy(2));
  const importing = drain(handlers['collections.import']({ collection, blob, offset: 0 }, call));
  const { total, longest } = await timeTurns(importing);
  expect(await importing).toEqual({ chunks: [], result: { imported: 0, offset: lines } });
  expect(longest).toBeLessThan(total / 3);
});
