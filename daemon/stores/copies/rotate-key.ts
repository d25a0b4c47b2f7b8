import { renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../../files/durable-files.ts';
import { RpcError } from '@locara/protocol/errors';
import type { StoreOps } from '../../workers/store/ops.ts';
import { listDamage } from '../database/integrity.ts';
import { commitSwap, forgetWaiting, NEXT_SUFFIX } from '../database/swap.ts';
import { digestContents } from './contents.ts';
import {
  assertRoom,
  cloneFile,
  inspectCopy,
  rekeyCopy,
  vacuumInto,
  verifyCopy,
  withScratch,
} from './copy-files.ts';
import { findKey, type CopyParts } from './restore.ts';

/**
 * See `CopyOps.rotateKey`. SQLite's rekey is not safe against a crash, so only copies are rekeyed; they wait
 * under names of their own, and one rename of the store's decides for all of them.
 */
export function rotateKey(
  { store, backups }: CopyParts,
  { key: next }: StoreOps['rotateKey']['params'],
): StoreOps['rotateKey']['result'] {
  const source = store.source();
  if (Buffer.from(source.key).equals(next)) return { rotated: true };
  const keys = [next, ...store.keys.filter((key) => !Buffer.from(key).equals(next))];
  const backupBytes = backups.list().reduce((sum, { bytes }) => sum + bytes, 0);
  const folder = dirname(store.path);
  assertRoom(folder, source.database.usage().usedBytes + backupBytes);
  try {
    for (const { id } of backups.list()) rotateBackup(backups.pathOf(id), keys);
    withScratch(folder, (scratch) => {
      vacuumInto(source.database, scratch);
      rekeyCopy(scratch, { from: source.key, to: next });
      verifyCopy(scratch, { key: next, contents: digestContents(source.database) });
      store.reopen(() => {
        commitSwap(store.path, scratch);
      }, keys);
    });
  } catch (error) {
    forgetWaiting(store.path);
    throw error;
  }
  return { rotated: true };
}

/** The backup under the first key, waiting for the swap. One that no key opens is left as it is. */
function rotateBackup(path: string, keys: readonly Uint8Array[]): void {
  const [next] = keys;
  const from = findKeyOrNone(path, keys);
  if (from === undefined || next === undefined || from === next) return;
  const contents = digestWhole(path, from);
  if (contents === undefined) return;
  withScratch(dirname(path), (scratch) => {
    cloneFile(path, scratch);
    rekeyCopy(scratch, { from, to: next });
    verifyCopy(scratch, { key: next, contents });
    renameSync(scratch, `${path}${NEXT_SUFFIX}`);
    syncFolder(dirname(path));
  });
}

/** Undefined of a backup with damaged pages. */
function digestWhole(path: string, key: Uint8Array): string | undefined {
  return inspectCopy(path, key, (copy) =>
    listDamage(copy).length > 0 ? undefined : digestContents(copy),
  );
}

function findKeyOrNone(path: string, keys: readonly Uint8Array[]): Uint8Array | undefined {
  try {
    return findKey(path, keys);
  } catch (error) {
    if (error instanceof RpcError && error.details?.['rule'] === 'backup_damaged') return undefined;
    throw error;
  }
}
