import { PendingCall } from '../../daemon/workers/pending-call.ts';

/** A call as it waits for a worker, of nobody in particular. */
export function pendingCall({
  app = 'a',
  cost = 1,
  isBackground = false,
  id = 0,
}: {
  readonly app?: string;
  readonly cost?: number;
  readonly isBackground?: boolean;
  readonly id?: number;
} = {}): PendingCall {
  return new PendingCall({
    id,
    op: 'echo',
    params: undefined,
    options: { app, cost, priority: isBackground ? 'background' : 'interactive' },
    onInterrupt: () => undefined,
  });
}
