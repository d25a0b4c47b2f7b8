import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RpcError, type StoreFill } from '@locara/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchFilling } from '../../../../daemon/stores/filling/watch-filling.ts';
import type { StoreOps } from '../../../../daemon/workers/store/ops.ts';
import type { Worker } from '../../../../daemon/workers/worker.ts';
import { makeTemporaryFolder } from '../../../support/temporary-store.ts';

const LIMIT = 1000;

let used: number;
let looks: number;
let told: StoreFill[];
let answer: () => unknown;
let watched: Worker<StoreOps>;

/** A store's worker that says how full it is. */
const worker = {
  call: (op: string) => {
    if (op !== 'describeUse') return Promise.resolve().then(() => answer());
    looks += 1;
    return Promise.resolve({ usedBytes: used, limitBytes: LIMIT });
  },
} as unknown as Worker<StoreOps>;

beforeEach(() => {
  vi.useFakeTimers();
  [used, looks, told] = [0, 0, []];
  answer = () => ({});
});
afterEach(() => {
  vi.useRealTimers();
});

function watch(fileBytes: number): void {
  const folder = makeTemporaryFolder();
  writeFileSync(join(folder, 'store.db'), Buffer.alloc(fileBytes));
  const command = 'locara app data show acme/notes';
  const onFilling = (fill: StoreFill) => void told.push(fill);
  ({ worker: watched } = watchFilling(worker, { folder, limitBytes: LIMIT, command, onFilling }));
}

async function write(percent: number): Promise<void> {
  used = percent * 10;
  await watched.call('exec', { sql: 'INSERT' });
  await vi.advanceTimersByTimeAsync(1000);
}

describe('a store that is watched', () => {
  test('is not asked while its files are small, nor after reading', async () => {
    watch(799);
    await write(90);
    watch(1000);
    await watched.call('query', { sql: 'SELECT', limit: 1 });
    expect(looks).toBe(0);
  });

  test('is told of once for each threshold, and again after it was well below', async () => {
    watch(1000);
    for (const percent of [79, 80, 85, 94, 95, 99, 94, 96]) await write(percent);
    expect(told.map(({ percent }) => percent)).toEqual([80, 95]);
    for (const percent of [89, 96, 74, 81]) await write(percent);
    expect(told.map(({ percent }) => percent)).toEqual([80, 95, 96, 81]);
  });

  test('is told of at once as the highest threshold that it passed', async () => {
    watch(1000);
    await write(100);
    expect(told).toEqual([{ usedBytes: 1000, limitBytes: LIMIT, percent: 100 }]);
  });

  test('is asked once a second however much is written, and once more at the end', async () => {
    watch(1000);
    used = 500;
    for (let at = 0; at < 50; at += 1) await watched.call('exec', { sql: 'INSERT' });
    expect(looks).toBe(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(looks).toBe(2);
  });

  test('refuses with what its user can run', async () => {
    watch(1);
    answer = () => {
      throw new RpcError('QuotaExceeded', 'Full.', { details: { usedBytes: 1, limitBytes: 1 } });
    };
    await expect(watched.call('exec', { sql: 'INSERT' })).rejects.toMatchObject({
      reason: 'QuotaExceeded',
      details: { usedBytes: 1, limitBytes: 1, command: 'locara app data show acme/notes' },
    });
  });
});
