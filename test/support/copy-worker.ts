import { createStoreEngine } from '../../daemon/workers/store/engine.ts';
import { RpcError } from '@locara/protocol';
import type { StoreOps, StoreStart } from '../../daemon/workers/store/ops.ts';
import { SILENT_CALL } from './engine-call.ts';

/** One call after the other on a real store, in a process that the parent kills. */
export interface CopyTask {
  readonly start: StoreStart;
  readonly calls: readonly { readonly op: keyof StoreOps; readonly params: unknown }[];
}

process.once('message', ({ start, calls }: CopyTask) => {
  const { engine, close } = createStoreEngine({
    ...start,
    keys: start.keys.map((key) => Uint8Array.from(key)),
  });
  process.send?.({ opened: true });
  for (const { op, params } of calls) {
    const operation = engine[op] as (params: unknown, call: typeof SILENT_CALL) => unknown;
    try {
      process.send?.({ done: op, result: operation(params, SILENT_CALL) });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      process.send?.({ refused: op, reason: error.reason });
    }
  }
  close();
  process.disconnect?.();
});
