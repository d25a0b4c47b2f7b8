import { RpcError } from '@locara/protocol/errors';
import { parseJson } from '@locara/protocol/parse-json';
import type { StoreOps } from '../../workers/store/ops.ts';
import { listCollections } from '../collections/collection-rows.ts';
import { recordsTable, textsTable } from '../collections/collection-tables.ts';
import type { StoreDatabase } from '../database/database.ts';
import { isUnreadable } from '../database/integrity.ts';
import type { StoredValue } from '../database/stored-value.ts';
import { isAppTable, listTables } from '../database/tables.ts';
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
  /** The name of the collection whose records these are, and the table of their texts. */
  readonly collection?: string;
  readonly texts?: string;
}

/** The app's own tables and the records of its collections; indexes are made of these. */
export function listSources(database: StoreDatabase): SalvageSource[] {
  const tables = listTables(database);
  const own = tables.filter(isAppTable).map((table) => ({ table }));
  return [...own, ...listRecordTables(database).filter(({ table }) => tables.includes(table))];
}

function listRecordTables(database: StoreDatabase): Required<SalvageSource>[] {
  try {
    return listCollections(database).map((collection) => ({
      table: recordsTable(collection),
      collection: collection.name,
      texts: textsTable(collection),
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
        const { line, isWhole } = toLine(database, source, found.row);
        if (!isWhole) gaps += 1;
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

/** How much of a source can be read; a collection is whole when its texts are too. */
export function countReadable(
  database: StoreDatabase,
  { table, texts }: SalvageSource,
): { readonly rows: number; readonly isWhole: boolean } {
  const { rows, isWhole } = countReadableRows(database, table);
  return {
    rows,
    isWhole: isWhole && (texts === undefined || countReadableRows(database, texts).isWhole),
  };
}

function countReadableRows(
  database: StoreDatabase,
  table: string,
): { rows: number; isWhole: boolean } {
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

function toLine(
  database: StoreDatabase,
  { table, collection, texts }: SalvageSource,
  row: Record<string, StoredValue>,
): { line: string; isWhole: boolean } {
  if (collection === undefined || texts === undefined) {
    const entries = Object.entries(row).map(([column, value]) => [column, toPrinted(value)]);
    const values = Object.fromEntries(entries) as Record<string, unknown>;
    return { line: JSON.stringify({ table, row: values }), isWhole: true };
  }
  const { text, isWhole } = readText(database, texts, row['key'] ?? null);
  const metadata = toMetadata(database, row['metadata'] ?? null);
  const record = { id: row['id'], ...(text === null ? {} : { text }), ...metadata };
  return { line: JSON.stringify({ collection, record }), isWhole };
}

/** The text of a record, null without any or where its page cannot be read. */
function readText(
  database: StoreDatabase,
  table: string,
  key: StoredValue,
): { text: unknown; isWhole: boolean } {
  try {
    const row = database.prepare(`SELECT text FROM ${table} WHERE key = ?`).first([key]);
    return { text: toPrinted(row?.[0] ?? null), isWhole: true };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { text: null, isWhole: false };
  }
}

/** Metadata is stored in SQLite's own form of JSON. */
function toMetadata(database: StoreDatabase, stored: StoredValue): { metadata?: unknown } {
  if (stored === null) return {};
  try {
    const row = database.prepare('SELECT json(?)').first([stored]);
    return { metadata: parseJson(String(row?.[0])) };
  } catch {
    return { metadata: toPrinted(stored) };
  }
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
