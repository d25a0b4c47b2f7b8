import { createHash } from 'node:crypto';
import type { StoreDatabase } from '../database/database.ts';
import { countRows } from '../database/tables.ts';

/** A digest of a database's schema and of how many rows each of its tables has: equal for a store and its copy. */
export function digestContents(database: StoreDatabase): string {
  const schema = database.maintain(
    'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name',
  );
  const rows = listRowTables(database).map((name) => [name, countRows(database, name)]);
  return createHash('sha256')
    .update(JSON.stringify([schema, rows]))
    .digest('hex');
}

/** Every table that holds rows itself, those behind search indexes included. */
export function listRowTables(database: StoreDatabase): string[] {
  return database
    .maintain(
      `SELECT name FROM pragma_table_list
       WHERE schema = 'main' AND type IN ('table', 'shadow') AND name <> 'sqlite_schema' ORDER BY name`,
    )
    .map(([name]) => String(name));
}

/** The newest migration in a database; 0 where there was none. */
export function readSchemaVersion(database: StoreDatabase): number {
  const isThere = listRowTables(database).includes('locara_migrations');
  if (!isThere) return 0;
  const [row] = database.maintain('SELECT max(version) FROM locara_migrations');
  return Number(row?.[0] ?? 0);
}
