import { RpcError } from '@locara/protocol/errors';
import type { StoreContents } from '../../workers/store/ops/export-ops.ts';
import { type CollectionRow, listCollections } from '../collections/collection-rows.ts';
import type { StoreDatabase } from '../database/database.ts';
import { countRows, isAppTable, listTables } from '../database/tables.ts';

/** Counts every table of the app and every collection, so it takes as long as reading their indexes does. */
export function describeContents(database: StoreDatabase, schemaVersion: number): StoreContents {
  return {
    usedBytes: database.usage().usedBytes,
    schemaVersion,
    tables: listTables(database)
      .filter(isAppTable)
      .map((name) => {
        const rows = countIfReadable(database, name);
        return rows === undefined ? { name } : { name, rows };
      }),
    collections: listCollections(database).map(describeCollection),
  };
}

function describeCollection(collection: CollectionRow): StoreContents['collections'][number] {
  const { name, dimensions, modelDigest, tokenizer, counts } = collection;
  return {
    name,
    tokenizer,
    records: counts.records,
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(modelDigest === undefined ? {} : { modelDigest }),
  };
}

/** A table that an app broke, or whose module refuses, hides none of the others. */
function countIfReadable(database: StoreDatabase, table: string): number | undefined {
  try {
    return countRows(database, table);
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}
