import type { SqlValue } from '@locara/protocol';
import { RpcError } from '@locara/protocol/errors';
import { LIMITS } from '@locara/protocol/limits';
import type { StoredValue } from '../database/stored-value.ts';
import { countWireBytes, toWireValue } from './sql-values.ts';

/** What a page may hold. The daemon checks and sends each in one turn, in which no other app is served. */
const MAX_PAGE_BYTES = 1024 * 1024;
const MAX_PAGE_VALUES = 16_384;
/** What a single row may, which comes whole or not at all: a message, less its envelope, escapes and keys. */
const MAX_ROW_BYTES = LIMITS.maxMessageBytes - 512 * 1024;

type WireRow = Record<string, SqlValue>;

/** The rows of one answer. */
export interface Page {
  readonly rows: WireRow[];
  /** False when the page is full without this row. Throws PayloadTooLarge for a row that no page can hold. */
  add(values: readonly StoredValue[]): boolean;
}

export function createPage(columns: readonly string[]): Page {
  const rows: WireRow[] = [];
  const keyBytes = columns.reduce((sum, name) => sum + Buffer.byteLength(name) + 4, 0);
  let bytesLeft = MAX_PAGE_BYTES;
  let valuesLeft = MAX_PAGE_VALUES;
  return {
    rows,
    add: (values) => {
      const bytes = values.reduce<number>((sum, value) => sum + countWireBytes(value), keyBytes);
      bytesLeft -= bytes;
      valuesLeft -= values.length;
      const isFull = bytesLeft < 0 || valuesLeft < 0;
      if (isFull && rows.length > 0) return false;
      if (bytes > MAX_ROW_BYTES) throw rowTooLarge();
      rows.push(toWireRow(columns, values));
      return true;
    },
  };
}

function toWireRow(columns: readonly string[], values: readonly StoredValue[]): WireRow {
  const row: WireRow = {};
  for (let column = 0; column < columns.length; column += 1) {
    row[columns[column] ?? ''] = toWireValue(values[column] ?? null);
  }
  return row;
}

function rowTooLarge(): RpcError {
  return new RpcError('PayloadTooLarge', 'A row is too large for one message.', {
    details: {
      limitBytes: MAX_ROW_BYTES,
      wayOut: 'fewer columns, or substr() with limit, then cursor',
    },
  });
}
