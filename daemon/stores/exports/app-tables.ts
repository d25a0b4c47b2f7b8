import type { StoreDatabase } from '../database/database.ts';
import { OWN_PREFIX } from '../sql/sql-guard.ts';
import { quoteName } from './quote-name.ts';

/** A table that the app made. */
export interface AppTable {
  readonly name: string;
  /** As the app wrote it. */
  readonly sql: string;
}

/** The app's own tables: none of the daemon's, of SQLite's, and none that only serve another one. */
export function listAppTables(database: StoreDatabase): AppTable[] {
  return [
    ...database
      .prepare(
        `SELECT l.name, s.sql FROM pragma_table_list AS l JOIN sqlite_schema AS s USING (name)
         WHERE l.schema = 'main' AND l.type IN ('table', 'virtual')
           AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name`,
      )
      .rows(),
  ]
    .map(([name, sql]) => ({ name: String(name), sql: String(sql) }))
    .filter(({ name }) => !name.startsWith(OWN_PREFIX));
}

/** What its rows hold: neither hidden columns nor those that are computed at every reading. */
export function listStoredColumns(database: StoreDatabase, { name }: AppTable): string[] {
  return [
    ...database
      .prepare(`SELECT name FROM pragma_table_xinfo(${quoteText(name)}) WHERE hidden IN (0, 3)`)
      .rows(),
  ].map(([column]) => String(column));
}

export function selectRows(table: AppTable, columns: readonly string[]): string {
  return `SELECT ${columns.map(quoteName).join(', ')} FROM ${quoteName(table.name)}`;
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
