import type { StoredValue } from '../../database/stored-value.ts';

/** Beyond this many bytes a bit map would be larger than a list. */
const MAX_MAP_BYTES = 8 * 1024 * 1024;

/** A condition that a column holds one of these records. */
export interface RecordSet {
  readonly condition: string;
  readonly params: readonly StoredValue[];
}

/**
 * True for the records of an ascending list, at the price of looking up one byte: FTS5 would take
 * `rowid IN (…)` as a search of its own for each of them.
 */
export function toRecordSet(column: string, records: Float64Array | undefined): RecordSet {
  if (records === undefined) return { condition: '1', params: [] };
  const first = records[0] ?? 0;
  const bytes = (records.at(-1) ?? 0) - first + 1;
  if (bytes > MAX_MAP_BYTES) {
    return {
      condition: `+${column} IN (SELECT value FROM json_each(?))`,
      params: [JSON.stringify([...records])],
    };
  }
  const map = new Uint8Array(bytes);
  for (const record of records) map[record - first] = 1;
  // Before the first place, substr would count from the end.
  return {
    condition: `${column} >= ? AND substr(?, ${column} - ?, 1) = x'01'`,
    params: [BigInt(first), map, BigInt(first - 1)],
  };
}
