import type { StoreDatabase } from '../database/database.ts';
import { createResultBudget } from '../database/result-budget.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import {
  createCollectionSchema,
  getCollection,
  insertCollection,
  listCollections,
  recordsTable,
  removeCollection,
  settleVectors,
} from './collection-schema.ts';
import { createIndexes, type Indexes } from './indexes.ts';
import { spendRecord, toFoundRecord, toMetadataJson } from './records.ts';
import { searchRecords } from './search.ts';
import { assertUsableVector } from './vectors/vector-blob.ts';

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
  const indexes = createIndexes(database);
  const parts: Parts = { database, indexes };
  return {
    create: ({ collection, dimensions }) => {
      database.transaction(() => {
        insertCollection(database, { name: collection, dimensions });
        indexes.of(getCollection(database, collection));
      });
      return { collection, ...(dimensions === undefined ? {} : { dimensions }) };
    },
    list: () => ({
      collections: listCollections(database).map((collection) => ({
        collection: collection.name,
        ...(collection.dimensions === undefined ? {} : { dimensions: collection.dimensions }),
        records: countRecords(database, recordsTable(collection)),
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
    drop: ({ collection: name }) => {
      const drop = (): void => {
        const collection = getCollection(database, name);
        indexes.drop(collection);
        removeCollection(database, collection);
      };
      database.makeRoom(
        () => {
          indexes.change(drop);
        },
        { beyond: 'file' },
      );
      return { dropped: true };
    },
    upsert: (params) => indexes.change(() => upsertRecords(parts, params)),
    get: (params) => getRecords(parts, params),
    remove: (params) =>
      database.makeRoom(() => indexes.change(() => deleteRecords(parts, params)), {
        beyond: 'file',
      }),
    search: (params) => searchRecords(parts, params),
  };
}

interface Parts {
  readonly database: StoreDatabase;
  readonly indexes: Indexes;
}

function upsertRecords(
  { database, indexes }: Parts,
  { collection: name, records, modelDigest }: StoreOps['upsertRecords']['params'],
): { upserted: number } {
  const collection = getCollection(database, name);
  const vectors = records.flatMap((record) => record.vectors ?? []);
  vectors.forEach(assertUsableVector);
  settleVectors(database, collection, {
    lengths: vectors.map(({ length }) => length),
    modelDigest,
  });
  const table = recordsTable(collection);
  const { byVector, byWords } = indexes.of(collection);
  const find = database.prepare(`SELECT key, text FROM ${table} WHERE id = ?`);
  const insert = database.prepare(`INSERT INTO ${table} (id, text, metadata) VALUES (?, ?, ?)`);
  const update = database.prepare(`UPDATE ${table} SET text = ?, metadata = ? WHERE key = ?`);
  for (const { id, text = '', metadata, vectors: own = [] } of records) {
    const [present] = [...find.rows([id])];
    const stored = text === '' ? null : text;
    const json = toMetadataJson(metadata);
    if (typeof present?.[1] === 'string') byWords.remove(Number(present[0]), present[1]);
    const key =
      present === undefined
        ? insert.run([id, stored, json]).lastInsertRowid
        : (present[0] as bigint);
    if (present !== undefined) update.run([stored, json, key]);
    byVector.replace(Number(key), own);
    if (text !== '') byWords.add(Number(key), text);
  }
  return { upserted: records.length };
}

function getRecords(
  { database, indexes }: Parts,
  { collection: name, ids, vectors: withVectors = false }: StoreOps['getRecords']['params'],
): StoreOps['getRecords']['result'] {
  const collection = getCollection(database, name);
  const { byVector } = indexes.of(collection);
  const select = database.prepare(
    `SELECT id, text, metadata, key FROM ${recordsTable(collection)} WHERE id = ?`,
  );
  const budget = createResultBudget('fewer ids');
  const records = ids.flatMap((id) => {
    const [row] = [...select.rows([id])];
    if (row === undefined) return [];
    const found = toFoundRecord(row);
    spendRecord(budget, row);
    const vectors = withVectors ? byVector.vectorsOf(Number(row[3])) : [];
    for (const vector of vectors) budget.spend(vector.byteLength * 2);
    return [vectors.length === 0 ? found : { ...found, vectors }];
  });
  return { records };
}

function deleteRecords(
  { database, indexes }: Parts,
  { collection: name, ids }: StoreOps['deleteRecords']['params'],
): { deleted: number } {
  const collection = getCollection(database, name);
  const { byVector, byWords } = indexes.of(collection);
  const remove = database.prepare(
    `DELETE FROM ${recordsTable(collection)} WHERE id = ? RETURNING key, text`,
  );
  let deleted = 0;
  for (const id of ids) {
    const [row] = [...remove.rows([id])];
    if (row === undefined) continue;
    const key = Number(row[0]);
    byVector.remove(key);
    if (typeof row[1] === 'string') byWords.remove(key, row[1]);
    deleted += 1;
  }
  return { deleted };
}

function countRecords(database: StoreDatabase, table: string): number {
  const [row] = [...database.prepare(`SELECT count(*) FROM ${table}`).rows()];
  return Number(row?.[0] ?? 0);
}
