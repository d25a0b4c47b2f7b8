import type { EngineCall } from '../../daemon/workers/engine.ts';
import { createStoreEngine, type StoreEngine } from '../../daemon/workers/store/engine.ts';
import type { StoreOps, StoreStart } from '../../daemon/workers/store/ops.ts';

/** A call without a caller, for engines that neither stream nor report progress. */
export const SILENT_CALL: EngineCall<never> = {
  signal: new AbortController().signal,
  chunk: () => undefined,
  progress: () => undefined,
};

/** Calls one operation of a store engine in this process. */
export type CallStore = <O extends keyof StoreOps>(
  op: O,
  params: StoreOps[O]['params'],
) => StoreOps[O]['result'];

export function startStoreEngine(start: StoreStart): CallStore {
  return callsOf(createStoreEngine(start));
}

/** Calls one operation after the other. */
export function callsOf({ engine }: StoreEngine): CallStore {
  return (op, params) => {
    const operation = engine[op] as (p: typeof params, call: EngineCall<never>) => unknown;
    return operation(params, SILENT_CALL) as StoreOps[typeof op]['result'];
  };
}
