import { RpcError } from '@locara/protocol/errors';
import type { StoreOps } from '../../workers/store/ops.ts';
import { listCollections, recordsTable } from '../collections/collection-schema.ts';
import type { StoreDatabase } from '../database/database.ts';
import { isUnreadable } from '../database/integrity.ts';
import type { StoredValue } from '../database/stored-value.ts';
import { OWN_PREFIX } from '../sql/sql-guard.ts';
import { countWireBytes, toWireValue } from '../sql/sql-values.ts';
import { readRows } from './readable-rows.ts';

/** Of one answer; the rest waits for the next call. */
const MAX_PAGE_BYTES = 1024 * 1024;
/** A value longer than this is named with its length alone. */
const MAX_VALUE_BYTES = 2 * 1024 * 1024;
const ORDINARY_KEY_LIMIT = 20;

/** Something in a store that holds rows of the user's. */
export interface SalvageSource {
  readonly table: string;
  /** The name of the collection whose records these are. */
  readonly collection?: string;
}

/** The app's own tables and the records of its collections; indexes are made of these. */
export function listSources(database: StoreDatabase): SalvageSource[] {
  const tables = database
    .maintain(
      `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')
       AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .map(([name]) => String(name));
  const own = tables.filter((table) => !table.startsWith(OWN_PREFIX)).map((table) => ({ table }));
  return [...own, ...listRecordTables(database).filter(({ table }) => tables.includes(table))];
}

function listRecordTables(database: StoreDatabase): Required<SalvageSource>[] {
  try {
    return listCollections(database).map((collection) => ({
      table: recordsTable(collection),
      collection: collection.name,
    }));
  } catch (error) {
    // Never made, or on a damaged page: the rows have no name then.
    if (error instanceof RpcError) return [];
    throw error;
  }
}

type Page = StoreOps['salvage']['result'];

/** One page from the cursor on. Throws InvalidParams for a cursor that is none. */
export function salvagePage(database: StoreDatabase, cursor: string | undefined): Page {
  const sources = listSources(database);
  const position = cursor === undefined ? { index: 0, key: undefined } : readCursor(cursor);
  const lines: string[] = [];
  let gaps = 0;
  let bytes = 0;
  for (const [index, source] of sources.entries()) {
    if (index < position.index) continue;
    const from = index === position.index ? position.key : undefined;
    try {
      for (const found of readRows(database, source.table, from)) {
        if ('gap' in found) {
          gaps += 1;
          continue;
        }
        if (bytes > MAX_PAGE_BYTES) return { lines, gaps, next: `${index}.${found.key}` };
        const line = toLine(source, found.row);
        bytes += line.length;
        lines.push(line);
      }
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      // The table itself cannot be read: its schema, or the module of a search table.
      gaps += 1;
    }
  }
  return { lines, gaps };
}

/** How much of a source can be read. */
export function countReadable(
  database: StoreDatabase,
  { table }: SalvageSource,
): { readonly rows: number; readonly isWhole: boolean } {
  let rows = 0;
  let isWhole = true;
  try {
    for (const found of readRows(database, table)) {
      if ('gap' in found) isWhole = false;
      else rows += 1;
    }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    isWhole = !isUnreadable(error);
  }
  return { rows, isWhole };
}

function toLine({ table, collection }: SalvageSource, row: Record<string, StoredValue>): string {
  const values = Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, toPrinted(value)]),
  );
  return JSON.stringify(
    collection === undefined ? { table, row: values } : { collection, record: values },
  );
}

function toPrinted(value: StoredValue): unknown {
  const bytes = countWireBytes(value);
  return bytes > MAX_VALUE_BYTES ? { omittedBytes: bytes } : toWireValue(value);
}

function readCursor(cursor: string): { index: number; key: bigint } {
  const [index = '', key = ''] = cursor.split('.');
  if (/^\d{1,6}$/.test(index) && /^-?\d+$/.test(key) && key.length <= ORDINARY_KEY_LIMIT) {
    return { index: Number(index), key: BigInt(key) };
  }
  throw new RpcError('InvalidParams', 'The cursor is none of this store.', {
    details: { rule: 'cursor' },
  });
}
