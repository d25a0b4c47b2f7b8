import { expect, test } from 'vitest';
import { createTaskQueue } from '../../daemon/task-queue.ts';
import { rejectionOf } from '../support/signed-package.ts';

test('more than may wait are Busy, and room is there again when those before are done', async () => {
  const inTurn = createTaskQueue({ maxWaiting: 2 });
  const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
  const first = inTurn(() => gate);
  await Promise.resolve();
  const waiting = [inTurn(() => Promise.reject(new Error('mine'))), inTurn(() => gate)];
  const settled = Promise.allSettled([first, ...waiting]);
  expect((await rejectionOf(() => inTurn(() => gate))).reason).toBe('Busy');
  open(undefined);
  expect((await settled).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect(await inTurn(() => Promise.resolve('done'))).toBe('done');
});
