import { RpcError } from '@locara/protocol/errors';
import type { StoreContents } from '../../workers/store/ops/export-ops.ts';
import { listCollections, recordsTable } from '../collections/collection-schema.ts';
import type { StoreDatabase } from '../database/database.ts';
import { quoteName } from './quote-name.ts';
import { listAppTables } from './app-tables.ts';

/** Counts every table of the app and every collection, so it takes as long as reading their indexes does. */
export function describeContents(database: StoreDatabase, schemaVersion: number): StoreContents {
  return {
    usedBytes: database.usage().usedBytes,
    schemaVersion,
    tables: listAppTables(database).map(({ name }) => {
      const rows = countIfReadable(database, name);
      return rows === undefined ? { name } : { name, rows };
    }),
    collections: listCollections(database).map(({ id, dimensions, ...collection }) => ({
      ...describeIndexes(collection),
      ...(dimensions === undefined ? {} : { dimensions }),
      records: countRows(database, recordsTable({ id })),
    })),
  };
}

function describeIndexes({
  name,
  ...settings
}: {
  readonly name: string;
  readonly modelDigest: string | undefined;
  readonly tokenizer?: string;
}): { readonly name: string; readonly modelDigest?: string; readonly tokenizer?: string } {
  const { modelDigest, tokenizer } = settings;
  return {
    name,
    ...(modelDigest === undefined ? {} : { modelDigest }),
    ...(tokenizer === undefined ? {} : { tokenizer }),
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

function countRows(database: StoreDatabase, table: string): number {
  const [row] = [...database.prepare(`SELECT count(*) FROM ${quoteName(table)}`).rows()];
  return Number(row?.[0] ?? 0);
}
