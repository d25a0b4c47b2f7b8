import type { StoreOps } from '../../workers/store/ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import { isAppTable, listTables } from '../database/tables.ts';

/** Size and contents of a store: the app's own tables, without the daemon's and without shadows. */
export function describeStore(
  database: StoreDatabase,
  schemaVersion: number,
): Omit<StoreOps['describeStore']['result'], 'diskBytes' | 'backups'> {
  const { usedBytes, limitBytes } = database.usage();
  return {
    bytes: usedBytes,
    quotaBytes: limitBytes,
    schemaVersion,
    encrypted: true,
    tables: listTables(database).filter(isAppTable),
    collections: Array.from(
      database.prepare('SELECT name FROM locara_collections ORDER BY name').rows(),
      ([name]) => String(name),
    ),
  };
}
