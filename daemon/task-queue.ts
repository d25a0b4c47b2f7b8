import { RpcError } from '@locara/protocol';

/**
 * Runs tasks one after the other, in order; a failed task does not stop the next. One more than
 * `maxWaiting` of those that have not begun is Busy.
 */
export function createTaskQueue({
  maxWaiting = Number.POSITIVE_INFINITY,
}: { readonly maxWaiting?: number } = {}): <Result>(
  task: () => Promise<Result>,
) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (task) => {
    if (waiting >= maxWaiting) return Promise.reject(busy());
    waiting += 1;
    const begin = () => {
      waiting -= 1;
      return task();
    };
    const result = last.then(begin, begin);
    last = result.catch(() => undefined);
    return result;
  };
}

function busy(): RpcError {
  return new RpcError('Busy', 'Too much of this kind waits already: try again later.', {
    details: { retryAfterMs: 1000 },
  });
}
