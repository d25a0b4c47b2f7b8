import { expect, test } from 'vitest';
import { fromWorkerError } from '../../../daemon/workers/worker-error.ts';

test('a well-formed failure keeps its reason, message, details and whether to retry', () => {
  const error = { reason: 'Busy', message: 'later', retryable: false, details: { a: 1 } };
  expect(fromWorkerError(error)).toMatchObject(error);
});

test.each([
  undefined,
  null,
  'text',
  [],
  {},
  { reason: 'toString', message: 'x' },
  { reason: 'Busy', message: 7 },
  { message: 'x' },
])('whatever else a worker says is an InternalError: %j', (error) => {
  expect(fromWorkerError(error)).toMatchObject({
    reason: 'InternalError',
    message: 'The engine failed.',
  });
});

test('a message is cut, so that a worker that was taken over can not flood the client', () => {
  const { message } = fromWorkerError({ reason: 'Busy', message: 'x'.repeat(1e6) });
  expect(message).toHaveLength(300);
});
