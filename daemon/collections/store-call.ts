import type { SessionCall } from '../rpc/handler.ts';
import { STORE_BUDGETS_MS } from '../stores/app-stores.ts';
import type { StoreOps } from '../workers/store/ops.ts';
import type { Worker } from '../workers/worker.ts';

type CallOp = <O extends keyof StoreOps>(
  op: O,
  params: StoreOps[O]['params'],
) => Promise<StoreOps[O]['result']>;

/** The store that one call is about, within its time budgets; cancelled with the call. */
export interface CallStore {
  readonly read: CallOp;
  readonly write: CallOp;
}

export function createCallStore(
  store: Pick<Worker<StoreOps>, 'call'>,
  { signal }: SessionCall,
): CallStore {
  const callWithin =
    (timeoutMs: number): CallOp =>
    (op, params) =>
      store.call<typeof op>(op, params as never, { signal, timeoutMs });
  return { read: callWithin(STORE_BUDGETS_MS.read), write: callWithin(STORE_BUDGETS_MS.batch) };
}
