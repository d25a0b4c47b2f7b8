import type { StoreDatabase } from '../database/database.ts';
import type { CollectionRow } from './collection-rows.ts';

type Numbered = Pick<CollectionRow, 'id'>;

/**
 * The table of a collection's records: key, id, metadata (as JSONB), partition (its scalar as JSON), how many
 * vectors a record has and whether the app supplied them. Its name holds a number, never what an app wrote.
 */
export function recordsTable({ id }: Numbered): string {
  return `locara_records_${id}`;
}

/** The texts, by the key of their record: apart, so that a filter reads metadata alone. */
export function textsTable({ id }: Numbered): string {
  return `locara_texts_${id}`;
}

export function createCollectionTables(
  database: StoreDatabase,
  collection: Pick<CollectionRow, 'id' | 'partitionBy'>,
): void {
  const records = recordsTable(collection);
  for (const sql of [
    `CREATE TABLE ${records}
       (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, metadata BLOB, partition TEXT,
        vectors INTEGER NOT NULL, is_supplied INTEGER NOT NULL) STRICT`,
    `CREATE TABLE ${textsTable(collection)} (key INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT`,
    ...(collection.partitionBy === undefined
      ? []
      : [`CREATE INDEX ${records}_partition ON ${records} (partition)`]),
  ]) {
    database.prepare(sql).run();
  }
}

export function dropCollectionTables(database: StoreDatabase, collection: Numbered): void {
  for (const table of [recordsTable(collection), textsTable(collection)]) {
    database.prepare(`DROP TABLE ${table}`).run();
  }
}
