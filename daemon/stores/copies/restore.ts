import { dirname } from 'node:path';
import { RpcError } from '@locara/protocol/errors';
import type { StoreOps } from '../../workers/store/ops.ts';
import { isUnreadable, listDamage } from '../database/integrity.ts';
import { STATE_TABLE, stampGeneration } from '../database/opening.ts';
import { commitSwap } from '../database/swap.ts';
import type { Backups } from './backups.ts';
import { listRowTables, readSchemaVersion } from './contents.ts';
import { changeCopy, cloneFile, inspectCopy, withScratch } from './copy-files.ts';
import { keepDamaged } from './damaged-files.ts';
import type { ReopenableStore } from './reopenable-store.ts';

/** What copies are made of and put back into. */
export interface CopyParts {
  readonly store: ReopenableStore<unknown>;
  readonly backups: Backups;
  readonly now: () => Date;
}

/** See `CopyOps.restoreBackup`. */
export function restoreBackup(
  { store, backups, now }: CopyParts,
  { backup: wanted, onUsersWord = false }: StoreOps['restoreBackup']['params'],
): StoreOps['restoreBackup']['result'] {
  if (store.problem !== undefined && !onUsersWord) throw store.problem;
  const { backup, path } = backups.find(wanted);
  return withScratch(dirname(store.path), (scratch) => {
    cloneFile(path, scratch);
    const key = findKey(scratch, store.keys);
    const schemaVersion = inspectCopy(scratch, key, (copy) => {
      // SQLite opens an empty file by any key.
      const isStore = listRowTables(copy).includes(STATE_TABLE);
      if (!isStore || listDamage(copy).length > 0) throw backupDamaged();
      return readSchemaVersion(copy);
    });
    const { generation } = store;
    changeCopy(scratch, key, (copy) => {
      stampGeneration(copy, generation);
    });
    const kept = keepPresent({ store, backups, now });
    store.reopen(() => {
      commitSwap(store.path, scratch);
    });
    return { restored: backup.id, schemaVersion, ...kept };
  });
}

/** Keeps what is about to be replaced, as far as there is anything. */
function keepPresent({
  store,
  backups,
  now,
}: CopyParts): Pick<StoreOps['restoreBackup']['result'], 'saved' | 'keptDamaged'> {
  if (store.problem === undefined) return { saved: backups.create(store.source(), 'restore').id };
  return keepDamaged(store.path, now()) ? { keptDamaged: true } : {};
}

/** The key that opens a file of this store's. Throws Unavailable (`backup_damaged`). */
export function findKey(path: string, keys: readonly Uint8Array[]): Uint8Array {
  const key = keys.find((candidate) => {
    try {
      inspectCopy(path, candidate, () => undefined);
      return true;
    } catch (error) {
      if (isUnreadable(error)) return false;
      throw error;
    }
  });
  if (key === undefined) throw backupDamaged();
  return key;
}

function backupDamaged(): RpcError {
  return new RpcError('Unavailable', 'This backup is damaged: choose another one.', {
    details: { rule: 'backup_damaged' },
  });
}
