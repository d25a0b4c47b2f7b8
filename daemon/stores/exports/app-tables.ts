import type { StoreDatabase } from '../database/database.ts';
import { isAppTable, listTables, quoteName } from '../database/tables.ts';

/** A table that the app made. */
export interface AppTable {
  readonly name: string;
  /** As the app wrote it. */
  readonly sql: string;
}

/** The app's own tables: none of the daemon's, of SQLite's, and none that only serve another one. */
export function listAppTables(database: StoreDatabase): AppTable[] {
  const readSql = database.prepare(
    "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?",
  );
  return listTables(database)
    .filter(isAppTable)
    .map((name) => ({ name, sql: String(readSql.first([name])?.[0]) }));
}

/** What its rows hold: neither hidden columns nor those that are computed at every reading. */
export function listStoredColumns(database: StoreDatabase, { name }: AppTable): string[] {
  const select = database.prepare('SELECT name FROM pragma_table_xinfo(?) WHERE hidden IN (0, 3)');
  return Array.from(select.rows([name]), ([column]) => String(column));
}

export function selectRows(table: AppTable, columns: readonly string[]): string {
  return `SELECT ${columns.map(quoteName).join(', ')} FROM ${quoteName(table.name)}`;
}
