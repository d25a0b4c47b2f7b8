import type { StoreDatabase } from './database.ts';
import { OWN_PREFIX } from './guard/action-rules.ts';

/** A name as SQL takes it, whatever characters it has. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The app's tables and the daemon's: none of SQLite's, and none that only serve another one. */
export function listTables(database: StoreDatabase): string[] {
  const select = database.prepare(
    `SELECT name FROM pragma_table_list
     WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
     ORDER BY name`,
  );
  return Array.from(select.rows(), ([name]) => String(name));
}

/** Whether it is a table that the app made. */
export function isAppTable(name: string): boolean {
  return !name.startsWith(OWN_PREFIX);
}

export function countRows(database: StoreDatabase, table: string): number {
  const [rows] = database.prepare(`SELECT count(*) FROM ${quoteName(table)}`).first() ?? [];
  return Number(rows ?? 0);
}
