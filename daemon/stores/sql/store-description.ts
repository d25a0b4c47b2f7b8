import type { StoreOps } from '../../workers/store/ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import { OWN_PREFIX } from './sql-guard.ts';

/** Size and contents of a store: the app's own tables, without the daemon's and without shadows. */
export function describeStore(
  database: StoreDatabase,
  schemaVersion: number,
): Omit<StoreOps['describeStore']['result'], 'diskBytes' | 'backups'> {
  const names = (sql: string): string[] =>
    [...database.prepare(sql).rows()].map(([name]) => String(name));
  const { usedBytes, limitBytes } = database.usage();
  return {
    bytes: usedBytes,
    quotaBytes: limitBytes,
    schemaVersion,
    encrypted: true,
    tables: names(
      `SELECT name FROM pragma_table_list
       WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       ORDER BY name`,
    ).filter((name) => !name.startsWith(OWN_PREFIX)),
    collections: names('SELECT name FROM locara_collections ORDER BY name'),
  };
}
