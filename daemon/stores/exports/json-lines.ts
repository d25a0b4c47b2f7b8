import { RpcError } from '@locara/protocol/errors';
import { type CollectionRow, listCollections } from '../collections/collection-rows.ts';
import { createIndexes } from '../collections/indexes.ts';
import { RECORD_COLUMNS, recordsWithTexts, toFoundRecord } from '../collections/records.ts';
import { toF32 } from '../collections/vectors/vector-blob.ts';
import type { StoreDatabase } from '../database/database.ts';
import { toWireValue } from '../sql/sql-values.ts';
import { type AppTable, listAppTables, listStoredColumns, selectRows } from './app-tables.ts';

/** Told apart from whatever else is a file of JSON Lines, now and later. */
const EXPORT_SCHEMA = 'locara-export/1';

/**
 * A store as JSON Lines. First `{schema, tables:[{name, columns, sql}], collections:[{name, …}]}`, then for each
 * row `{table, row:{column: value}}` and for each record `{collection, record:{id, text?, metadata?, vectors?}}`,
 * values as they are on the wire. A table that cannot be read to its end is named to `onUnreadable`.
 */
export function* writeJsonLines(
  database: StoreDatabase,
  onUnreadable: (table: string) => void,
): Generator<string, void, void> {
  const tables = listAppTables(database).map((table) => ({
    ...table,
    columns: listStoredColumns(database, table),
  }));
  const collections = listCollections(database);
  yield toLine({
    schema: EXPORT_SCHEMA,
    tables: tables.map(({ name, columns, sql }) => ({ name, columns, sql })),
    collections: collections.map(({ name, dimensions, modelDigest, tokenizer, partitionBy }) => ({
      name,
      dimensions,
      modelDigest,
      tokenizer,
      partitionBy,
    })),
  });
  for (const table of tables) {
    try {
      yield* writeRows(database, table);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      onUnreadable(table.name);
    }
  }
  for (const collection of collections) yield* writeRecords(database, collection);
}

function* writeRows(
  database: StoreDatabase,
  table: AppTable & { readonly columns: readonly string[] },
): Generator<string, void, void> {
  const { name, columns } = table;
  const sql = selectRows(table, columns);
  // The schema is the app's: what reading it would run is compiled under the rules for apps.
  const select = database.isGuarded
    ? database.asApp(() => database.prepare(sql))
    : database.prepare(sql);
  for (const values of select.rows()) {
    const row = Object.fromEntries(
      values.map((value, column) => [columns[column] ?? '', toWireValue(value)]),
    );
    yield toLine({ table: name, row });
  }
}

function* writeRecords(
  database: StoreDatabase,
  collection: CollectionRow,
): Generator<string, void, void> {
  const byVector = createIndexes(database).byVector(collection);
  const select = database.prepare(
    `SELECT ${RECORD_COLUMNS} FROM ${recordsWithTexts(collection)} ORDER BY r.key`,
  );
  for (const row of select.rows()) {
    const vectors = byVector.vectorsOf(Number(row[3])).map(toF32);
    const record = { ...toFoundRecord(row), ...(vectors.length === 0 ? {} : { vectors }) };
    yield toLine({ collection: collection.name, record });
  }
}

function toLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
