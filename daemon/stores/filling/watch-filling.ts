import { RpcError, type StoreFill } from '@locara/protocol';
import { OP_EFFECTS } from '../../workers/store/ops/op-effects.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import { addDetails } from '../database/store-errors.ts';
import { measureStoreFiles } from './disk-use.ts';

/** Of its quota: from here on a store is nearly full. */
export const FILLING_PERCENT = 80;
/** Passing one is told once, until the store is well below it again. */
const THRESHOLDS = [95, FILLING_PERCENT];
const RETREAT_PERCENT = 5;
/** How often a store that is filling is asked how full it is. */
const LOOK_EVERY_MS = 1000;
export interface FillingOptions {
  readonly folder: string;
  readonly limitBytes: number;
  /** What the user may run to see what takes the room. */
  readonly command: string;
  /** Told each time that a threshold is passed. */
  readonly onFilling: (fill: StoreFill) => void;
}

/** A store's worker, watched for how full it gets. */
export interface WatchedStore {
  readonly worker: Worker<StoreOps>;
  /** As it was last told by the process; undefined before it came near its quota. */
  lastFill(): StoreFill | undefined;
}

/**
 * After a write, the sizes of two files tell whether the store may be filling; only then is its process
 * asked, at most once a second. A full store's refusal says what its user can run.
 */
export function watchFilling(worker: Worker<StoreOps>, options: FillingOptions): WatchedStore {
  const { folder, limitBytes, command, onFilling } = options;
  let passed = 0;
  let fill: StoreFill | undefined;
  let isLooking = false;
  let isStale = false;

  const look = async (): Promise<void> => {
    const { usedBytes } = await worker.call('describeUse', {});
    fill = toFill(usedBytes, limitBytes);
    const { percent } = fill;
    const reached = THRESHOLDS.find((threshold) => percent >= threshold) ?? 0;
    if (reached > passed) onFilling(fill);
    if (reached > passed || percent < passed - RETREAT_PERCENT) passed = reached;
  };
  const lookSoon = (): void => {
    isStale = true;
    if (isLooking) return;
    isLooking = true;
    isStale = false;
    // A store that ended meanwhile is looked at after its next write.
    void look()
      .catch(() => undefined)
      .finally(() => {
        setTimeout(() => {
          isLooking = false;
          if (isStale) lookSoon();
        }, LOOK_EVERY_MS).unref();
      });
  };
  const afterWrite = (): void => {
    const mayFill = measureStoreFiles(folder) * 100 >= limitBytes * FILLING_PERCENT;
    if (mayFill || passed > 0) lookSoon();
  };
  const call: Worker<StoreOps>['call'] = async (op, params, callOptions) => {
    try {
      return await worker.call(op, params, callOptions);
    } catch (error) {
      throw withCommand(error, command);
    } finally {
      if (OP_EFFECTS[op] !== 'reads') afterWrite();
    }
  };
  return { worker: { ...worker, call }, lastFill: () => fill };
}

export function toFill(usedBytes: number, limitBytes: number): StoreFill {
  return { usedBytes, limitBytes, percent: Math.floor((usedBytes * 100) / limitBytes) };
}

function withCommand(error: unknown, command: string): unknown {
  if (!(error instanceof RpcError) || error.reason !== 'QuotaExceeded') return error;
  return addDetails(error, { command });
}
