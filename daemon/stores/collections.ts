import type { StoreOps } from '../workers/store/ops.ts';
import {
  collectionTables,
  createCollectionSchema,
  getCollection,
  insertCollection,
  listCollections,
  removeCollection,
  settleVectors,
  type CollectionTables,
} from './collection-schema.ts';
import type { StoreDatabase } from './database.ts';
import { createResultBudget } from './result-budget.ts';
import {
  assertUsableVector,
  spendRecord,
  toBlob,
  toFloats,
  toFoundRecord,
  toMetadataJson,
} from './records.ts';
import { searchRecords } from './search.ts';
import type { StoredValue } from './sql-values.ts';

type Op<O extends keyof StoreOps> = (params: StoreOps[O]['params']) => StoreOps[O]['result'];

/** The daemon's own tables in an app's store: records, searchable by meaning and by words. */
export interface Collections {
  readonly create: Op<'createCollection'>;
  readonly list: Op<'listCollections'>;
  readonly describe: Op<'describeCollection'>;
  readonly drop: Op<'dropCollection'>;
  readonly upsert: Op<'upsertRecords'>;
  readonly get: Op<'getRecords'>;
  readonly remove: Op<'deleteRecords'>;
  readonly search: Op<'searchRecords'>;
}

export function createCollections(database: StoreDatabase): Collections {
  createCollectionSchema(database);
  return {
    create: ({ collection, dimensions }) => {
      database.transaction(() => {
        insertCollection(database, { name: collection, dimensions });
      });
      return { collection, ...(dimensions === undefined ? {} : { dimensions }) };
    },
    list: () => ({
      collections: listCollections(database).map((collection) => ({
        collection: collection.name,
        ...(collection.dimensions === undefined ? {} : { dimensions: collection.dimensions }),
        records: countRecords(database, collectionTables(collection)),
      })),
    }),
    describe: ({ collection: name }) => {
      const { dimensions, modelDigest } = getCollection(database, name);
      return {
        collection: name,
        ...(dimensions === undefined ? {} : { dimensions }),
        ...(modelDigest === undefined ? {} : { modelDigest }),
      };
    },
    drop: ({ collection }) => {
      database.transaction(() => {
        removeCollection(database, getCollection(database, collection));
      });
      return { dropped: true };
    },
    upsert: (params) => database.transaction(() => upsertRecords(database, params)),
    get: (params) => getRecords(database, params),
    remove: (params) => database.transaction(() => deleteRecords(database, params)),
    search: (params) => searchRecords(database, params),
  };
}

function upsertRecords(
  database: StoreDatabase,
  { collection: name, records, modelDigest }: StoreOps['upsertRecords']['params'],
): { upserted: number } {
  const collection = getCollection(database, name);
  const vectors = records.flatMap(({ vector }) => (vector === undefined ? [] : [vector]));
  vectors.forEach(assertUsableVector);
  settleVectors(database, collection, {
    lengths: vectors.map(({ length }) => length),
    modelDigest,
  });
  const tables = collectionTables(collection);
  const putRecord = database.prepare(
    `INSERT INTO ${tables.records} (id, text, metadata) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET text = excluded.text, metadata = excluded.metadata
     RETURNING key`,
  );
  const putVector = database.prepare(`INSERT INTO ${tables.vectors} VALUES (?, ?)`);
  const putWords = database.prepare(`INSERT INTO ${tables.words} (rowid, text) VALUES (?, ?)`);
  const forget = forgetDerived(database, tables);
  for (const { id, text, metadata, vector } of records) {
    const [row] = [...putRecord.rows([id, text ?? null, toMetadataJson(metadata)])];
    const key = row?.[0] ?? null;
    forget(key);
    if (vector !== undefined) putVector.run([key, toBlob(vector)]);
    if (text !== undefined && text !== '') putWords.run([key, text]);
  }
  return { upserted: records.length };
}

/** Removes what was derived from the record of a key: its vector and its words. */
function forgetDerived(
  database: StoreDatabase,
  tables: CollectionTables,
): (key: StoredValue) => void {
  const statements = [
    database.prepare(`DELETE FROM ${tables.vectors} WHERE key = ?`),
    database.prepare(`DELETE FROM ${tables.words} WHERE rowid = ?`),
  ];
  return (key) => {
    for (const statement of statements) statement.run([key]);
  };
}

function getRecords(
  database: StoreDatabase,
  { collection, ids, vectors: withVectors = false }: StoreOps['getRecords']['params'],
): StoreOps['getRecords']['result'] {
  const tables = collectionTables(getCollection(database, collection));
  const select = database.prepare(
    `SELECT r.id, r.text, r.metadata, v.vector
     FROM ${tables.records} r LEFT JOIN ${tables.vectors} v ON v.key = r.key WHERE r.id = ?`,
  );
  const budget = createResultBudget('fewer ids');
  const records = ids.flatMap((id) => {
    const [row] = [...select.rows([id])];
    if (row === undefined) return [];
    const vector = row[3];
    const found = toFoundRecord(row);
    spendRecord(budget, row);
    if (!withVectors || !(vector instanceof Uint8Array)) return [found];
    budget.spend(vector.length * 2);
    return [{ ...found, vector: toFloats(vector) }];
  });
  return { records };
}

function deleteRecords(
  database: StoreDatabase,
  { collection, ids }: StoreOps['deleteRecords']['params'],
): { deleted: number } {
  const tables = collectionTables(getCollection(database, collection));
  const remove = database.prepare(`DELETE FROM ${tables.records} WHERE id = ? RETURNING key`);
  const forget = forgetDerived(database, tables);
  let deleted = 0;
  for (const id of ids) {
    const [row] = [...remove.rows([id])];
    if (row === undefined) continue;
    forget(row[0] ?? null);
    deleted += 1;
  }
  return { deleted };
}

function countRecords(database: StoreDatabase, tables: CollectionTables): number {
  const [row] = [...database.prepare(`SELECT count(*) FROM ${tables.records}`).rows()];
  return Number(row?.[0] ?? 0);
}
