import { createHash } from 'node:crypto';
import type { StoreDatabase } from '../database/database.ts';

/** A digest of a database's schema and of how many rows each of its tables has: equal for a store and its copy. */
export function digestContents(database: StoreDatabase): string {
  const schema = database.maintain(
    'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name',
  );
  const rows = listTables(database).map((name) => [name, countRows(database, name)]);
  return createHash('sha256')
    .update(JSON.stringify([schema, rows]))
    .digest('hex');
}

/** Every table that holds rows itself, those behind search indexes included. */
export function listTables(database: StoreDatabase): string[] {
  return database
    .maintain(
      `SELECT name FROM pragma_table_list
       WHERE schema = 'main' AND type IN ('table', 'shadow') AND name <> 'sqlite_schema' ORDER BY name`,
    )
    .map(([name]) => String(name));
}

export function countRows(database: StoreDatabase, table: string): number {
  const [row] = database.maintain(`SELECT count(*) FROM ${quoteName(table)}`);
  return Number(row?.[0] ?? 0);
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The newest migration in a database; 0 where there was none. */
export function readSchemaVersion(database: StoreDatabase): number {
  const isThere = listTables(database).includes('locara_migrations');
  if (!isThere) return 0;
  const [row] = database.maintain('SELECT max(version) FROM locara_migrations');
  return Number(row?.[0] ?? 0);
}
