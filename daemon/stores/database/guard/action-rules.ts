import { isAllowedFunction } from '../sql-functions.ts';

/** SQLite's action codes that an app's statement may need; all others, known or not, are refused. */
export const ACTION = {
  createIndex: 1,
  createTable: 2,
  createTrigger: 7,
  createView: 8,
  delete: 9,
  dropIndex: 10,
  dropTable: 11,
  dropTrigger: 16,
  dropView: 17,
  insert: 18,
  pragma: 19,
  read: 20,
  select: 21,
  update: 23,
  alterTable: 26,
  reindex: 27,
  createModuleTable: 29,
  dropModuleTable: 30,
  function: 31,
  recursive: 33,
} as const;

const KNOWN_ACTIONS: ReadonlySet<number> = new Set(Object.values(ACTION));
/** Actions whose second name is a table too. */
const ABOUT_A_TABLE: ReadonlySet<number> = new Set([
  ACTION.createIndex,
  ACTION.createTrigger,
  ACTION.dropIndex,
  ACTION.dropTrigger,
  ACTION.alterTable,
]);

/** The prefix of the daemon's own tables in an app's database; apps cannot name them. */
export const OWN_PREFIX = 'locara_';
const MODULES = new Set(['fts5', 'vec0']);
/** What FTS5 and ALTER TABLE ask of the database by themselves. */
const PRAGMAS = new Set(['data_version', 'quick_check']);
/** Called by SQLite's own ALTER TABLE; SQL cannot name them, but for the first. */
const INTERNAL_FUNCTION =
  /^(match|sqlite_(rename_(table|column|test|quotefix)|drop_column|(add|drop|find)_constraint|fail))$/;
/** Of SQLite's own tables, those that a change of tables writes to; a direct write to the schema SQLite refuses. */
const SYSTEM_TABLE =
  /^sqlite_(master|schema|temp_master|temp_schema|sequence|stat[134]|autoindex_.*)$/;
/** Tables that modules offer without being made: the rest looks into files, pages and settings. */
const OPEN_MODULE_TABLES = new Set(['json_each', 'json_tree', 'vec_each', 'pragma_quick_check']);

/** What SQLite asks: may this statement do that? Names are empty where there is none. */
export interface SqlAction {
  readonly action: number;
  readonly first: string;
  readonly second: string;
  /** The database: `main`, `temp`, or empty. */
  readonly schema: string;
}

/**
 * What the statements of an app may do, by allow-list. `moduleTables` are the names that SQLite's modules
 * answer to as tables nobody made.
 */
export function createActionRules(moduleTables: readonly string[]): (action: SqlAction) => boolean {
  const closedTables = new Set(
    moduleTables
      .map((name) => name.toLowerCase())
      .filter((name) => !OPEN_MODULE_TABLES.has(name) && !MODULES.has(name)),
  );
  const isOpenTable = (table: string, schema: string): boolean => {
    const name = table.toLowerCase();
    if (name.startsWith('sqlite_')) return SYSTEM_TABLE.test(name);
    if (name.startsWith(OWN_PREFIX) || closedTables.has(name)) return false;
    if (name.startsWith('pragma_') && !OPEN_MODULE_TABLES.has(name)) return false;
    return schema === 'main' || schema === '';
  };
  return ({ action, first, second, schema }) => {
    if (!KNOWN_ACTIONS.has(action)) return false;
    switch (action) {
      case ACTION.select:
      case ACTION.recursive:
        return true;
      case ACTION.function:
        return isAllowedFunction(second) || INTERNAL_FUNCTION.test(second.toLowerCase());
      case ACTION.pragma:
        return PRAGMAS.has(first.toLowerCase());
      case ACTION.alterTable:
        return first.toLowerCase() === 'main' && isOpenTable(second, 'main');
      case ACTION.createModuleTable:
        return isOpenTable(first, schema) && MODULES.has(second.toLowerCase());
      default:
        if (ABOUT_A_TABLE.has(action) && !isOpenTable(second, schema)) return false;
        return isOpenTable(first, schema);
    }
  };
}
