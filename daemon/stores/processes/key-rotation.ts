import type { StoreOps } from '../../workers/store/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import type { StoreKeys } from '../keys/store-keys.ts';

/** A copy of the largest store there may be, checked, and of its backups, takes no longer. */
const ROTATE_BUDGET_MS = 30 * 60_000;
/** Its turn among the store's calls. */
const OWN_TURN = { app: 'locara:rotation', timeoutMs: ROTATE_BUDGET_MS } as const;

/**
 * Gives a store a new data key. Killed anywhere, both keys are on record until the store and its backups
 * have the next one, and the same call ends what was begun.
 */
export function createKeyRotation(
  keys: Pick<StoreKeys, 'prepareNext' | 'promoteNext'>,
): (storeId: string, worker: Pick<Worker<StoreOps>, 'call'>) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const rotate = async (storeId: string, worker: Pick<Worker<StoreOps>, 'call'>): Promise<void> => {
    const key = await keys.prepareNext(storeId);
    try {
      await worker.call('rotateKey', { key }, OWN_TURN);
    } finally {
      key.fill(0);
    }
    await keys.promoteNext(storeId);
  };
  return (storeId, worker) => {
    const present = running.get(storeId);
    if (present !== undefined) return present;
    const rotation = rotate(storeId, worker).finally(() => running.delete(storeId));
    running.set(storeId, rotation);
    return rotation;
  };
}
