import { describeError, type Log } from '../../log.ts';
import { hasRule } from './key-errors.ts';
import type { KeyRecords } from './key-records.ts';
import type { MasterKeys } from './master-keys.ts';
import type { WrappedStoreKeys } from './store-keys.ts';

/** What came of wrapping every key anew. */
export interface Rewrapped {
  readonly stores: number;
  /** The ids of those whose keys had been damaged before. */
  readonly unreadable: readonly string[];
}

/**
 * Wraps every key by the master key in force, then destroys the one before. Killed anywhere, both are on record
 * until no key needs the one before; stores open meanwhile.
 */
export async function rewrapKeys(deps: {
  readonly master: Pick<MasterKeys, 'retireFormer' | 'destroyLeftovers'>;
  readonly storeKeys: Pick<WrappedStoreKeys, 'rewrap' | 'inTurn'>;
  readonly records: Pick<KeyRecords, 'list'>;
  readonly log: Pick<Log, 'warn'>;
}): Promise<Rewrapped> {
  const { master, storeKeys, records, log } = deps;
  const ids = records.list();
  const unreadable: string[] = [];
  for (const id of ids) {
    try {
      await storeKeys.rewrap(id);
    } catch (error) {
      // A damaged record is none the worse for it; that one cannot be had just now must stop everything.
      if (!hasRule(error, 'key_unreadable')) throw error;
      unreadable.push(id);
    }
  }
  await storeKeys.inTurn(() => master.retireFormer());
  await storeKeys
    .inTurn(() => master.destroyLeftovers())
    .catch((error: unknown) => {
      log.warn('keys.leftoversKept', describeError(error));
    });
  return { stores: ids.length - unreadable.length, unreadable };
}
