import { onTestFinished } from 'vitest';
import { createStoreEngine } from '../../daemon/workers/store/engine.ts';
import type { StoreStart } from '../../daemon/workers/store/ops.ts';
import { type CallStore, callsOf } from './engine-call.ts';

/** A store engine in this process that can be closed. */
export interface EngineCalls {
  readonly call: CallStore;
  readonly close: () => boolean;
}

/** Closed at the end of the test. */
export function openEngine(start: StoreStart): EngineCalls {
  const engine = createStoreEngine(start);
  onTestFinished(() => {
    engine.close();
  });
  return { call: callsOf(engine), close: engine.close };
}
