/** What SQLite takes and gives: integers as bigint, so that none loses digits. */
export type StoredValue = null | number | bigint | string | Uint8Array;

/** By place, or by name without its sign. */
export type BoundParams = readonly StoredValue[] | Readonly<Record<string, StoredValue>>;
