import type { StoreDatabase } from '../database/database.ts';
import { isUnreadable } from '../database/integrity.ts';
import type { StoredValue } from '../database/stored-value.ts';
import { quoteName } from '../database/tables.ts';

const MAX_ROWID = 2n ** 63n - 1n;
const MIN_ROWID = -(2n ** 63n);

/** One row that could be read, or a place where rows could not be. */
export type FoundRow =
  { readonly key: bigint; readonly row: Record<string, StoredValue> } | { readonly gap: bigint };

/**
 * The rows of a table from key `from` on, those behind a damaged page too: past the page, reading goes on at
 * the next key that answers. A table without row numbers is read up to its first damaged page, from its
 * `from`th row on.
 */
export function* readRows(
  database: StoreDatabase,
  table: string,
  from: bigint = MIN_ROWID,
): Generator<FoundRow, void, void> {
  const rowid = nameOfRowid(database, table);
  if (rowid === undefined) yield* readInOrder(database, table, from);
  else yield* readByKey(createReader(database, table, rowid), from);
}

interface Reader {
  /** Rows from this key on; the first value of each is the key. */
  readonly rows: (from: bigint) => Generator<readonly StoredValue[], void, void>;
  readonly columns: readonly string[];
}

function* readByKey(reader: Reader, from: bigint): Generator<FoundRow, void, void> {
  let next: bigint | undefined = from;
  while (next !== undefined) {
    const start: bigint = next;
    let last: bigint | undefined;
    try {
      for (const [key, ...values] of reader.rows(start)) {
        last = key as bigint;
        yield { key: last, row: toRow(reader.columns, values) };
      }
      return;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    const bad = last === undefined ? start : last + 1n;
    yield { gap: bad };
    next = findReadable(reader, bad);
  }
}

/** The smallest key above `bad` from which rows can be read; undefined where there is none. */
function findReadable(reader: Reader, bad: bigint): bigint | undefined {
  let step = 1n;
  while (!canRead(reader, bad + step)) {
    step *= 2n;
    if (bad + step > MAX_ROWID) return undefined;
  }
  // Half a step before, reading still failed.
  let [low, high] = [bad + step / 2n, bad + step];
  while (high - low > 1n) {
    const middle: bigint = (low + high) / 2n;
    if (canRead(reader, middle)) high = middle;
    else low = middle;
  }
  return high;
}

function canRead(reader: Reader, from: bigint): boolean {
  const rows = reader.rows(from);
  try {
    rows.next();
    return true;
  } catch (error) {
    if (isUnreadable(error)) return false;
    throw error;
  } finally {
    rows.return();
  }
}

function createReader(database: StoreDatabase, table: string, rowid: string): Reader {
  const select = `SELECT ${rowid}, * FROM ${quoteName(table)} WHERE ${rowid} >= ? ORDER BY ${rowid}`;
  const statement = database.prepare(select);
  return { columns: statement.columns.slice(1), rows: (from) => statement.rows([from]) };
}

function* readInOrder(
  database: StoreDatabase,
  table: string,
  from: bigint,
): Generator<FoundRow, void, void> {
  const statement = database.prepare(`SELECT * FROM ${quoteName(table)} LIMIT -1 OFFSET ?`);
  let position = from < 0n ? 0n : from;
  try {
    for (const values of statement.rows([position])) {
      yield { key: position, row: toRow(statement.columns, values) };
      position += 1n;
    }
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    yield { gap: position };
  }
}

function nameOfRowid(database: StoreDatabase, table: string): string | undefined {
  const [found] = database.maintain(
    "SELECT wr, type FROM pragma_table_list WHERE schema = 'main' AND name = ?",
    [table],
  );
  if (found?.[0] !== 0n || found[1] !== 'table') return undefined;
  const columns = database.maintain('SELECT lower(name) FROM pragma_table_xinfo(?)', [table]);
  const taken = new Set(columns.map(([name]) => name));
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
}

function toRow(
  columns: readonly string[],
  values: readonly StoredValue[],
): Record<string, StoredValue> {
  return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null]));
}
