import { RpcError } from '@locara/protocol/errors';
import type { StoreDatabase } from '../database/database.ts';
import { createResultBudget } from '../database/result-budget.ts';
import type { CollectionOps, CollectionState } from '../../workers/store/ops/collection-ops.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import {
  deleteCollection,
  getCollection,
  insertCollection,
  listCollections,
  type CollectionRow,
} from './collection-rows.ts';
import { openCollectionSchema } from './collection-schema.ts';
import { createCollectionTables, dropCollectionTables } from './collection-tables.ts';
import { exportRecords } from './export-records.ts';
import { createIndexes } from './indexes.ts';
import { RECORD_COLUMNS, recordsWithTexts, spendRecord, toFoundRecord } from './records.ts';
import { countTexts, finishReembedding, readTexts, writeVectors } from './reembedding.ts';
import { explainSearch, searchRecords } from './search.ts';
import { deleteRecords, upsertRecords, type CollectionParts } from './upsert.ts';

/** The daemon's own tables in an app's store: records, searchable by meaning and by words. */
export type Collections = {
  readonly [O in keyof CollectionOps]: (
    params: CollectionOps[O]['params'],
  ) => CollectionOps[O]['result'];
};

export function createCollections(database: StoreDatabase): Collections {
  openCollectionSchema(database);
  const indexes = createIndexes(database);
  const parts: CollectionParts = { database, indexes };
  const makeRoom = <T>(work: () => T): T =>
    database.makeRoom(() => indexes.change(work), { beyond: 'file' });
  return {
    createCollection: (params) => indexes.change(() => createCollection(parts, params)),
    listCollections: () => ({ collections: listCollections(database).map(toState) }),
    describeCollection: ({ collection }) => toState(getCollection(database, collection)),
    dropCollection: ({ collection: name }) => {
      makeRoom(() => {
        const collection = getCollection(database, name);
        indexes.drop(collection);
        dropCollectionTables(database, collection);
        deleteCollection(database, collection);
      });
      return { dropped: true };
    },
    upsertRecords: (params) => indexes.change(() => upsertRecords(parts, params)),
    getRecords: (params) => getRecords(parts, params),
    deleteRecords: (params) => makeRoom(() => deleteRecords(parts, params)),
    searchRecords: (params) => searchRecords(parts, params),
    explainSearch: (params) => explainSearch(parts, params),
    exportRecords: (params) => exportRecords(parts, params),
    readTexts: (params) => readTexts(parts, params),
    countTexts: (params) => countTexts(parts, params),
    writeVectors: (params) => indexes.change(() => writeVectors(parts, params)),
    finishReembedding: (params) => indexes.change(() => finishReembedding(parts, params)),
  };
}

/** Words that a filter keeps for itself. */
const FILTER_WORDS = new Set(['and', 'or', 'not']);

function createCollection(
  { database, indexes }: CollectionParts,
  {
    collection: name,
    dimensions,
    tokenizer = 'unicode61',
    partitionBy,
  }: StoreOps['createCollection']['params'],
): StoreOps['createCollection']['result'] {
  if (partitionBy !== undefined && FILTER_WORDS.has(partitionBy)) {
    throw new RpcError('InvalidParams', 'No filter can name this field.', {
      details: { rule: 'partition' },
    });
  }
  const collection = insertCollection(database, { name, dimensions, tokenizer, partitionBy });
  createCollectionTables(database, collection);
  indexes.byVector(collection);
  indexes.byWords(collection);
  return {
    collection: name,
    ...(dimensions === undefined ? {} : { dimensions }),
    tokenizer,
    ...(partitionBy === undefined ? {} : { partitionBy }),
  };
}

function toState(collection: CollectionRow): CollectionState {
  const { name, dimensions, tokenizer, partitionBy, counts, modelDigest, reembedding } = collection;
  return {
    collection: name,
    ...(dimensions === undefined ? {} : { dimensions }),
    tokenizer,
    ...(partitionBy === undefined ? {} : { partitionBy }),
    records: counts.records,
    vectors: counts.vectors,
    ...(modelDigest === undefined ? {} : { modelDigest }),
    ...(reembedding === undefined ? {} : { reembedding: { modelDigest: reembedding.modelDigest } }),
  };
}

function getRecords(
  { database, indexes }: CollectionParts,
  { collection: name, ids, vectors: withVectors = false }: StoreOps['getRecords']['params'],
): StoreOps['getRecords']['result'] {
  const collection = getCollection(database, name);
  const select = database.prepare(
    `SELECT ${RECORD_COLUMNS} FROM ${recordsWithTexts(collection)} WHERE r.id = ?`,
  );
  const byVector = withVectors ? indexes.byVector(collection) : undefined;
  const budget = createResultBudget('fewer ids');
  const records = ids.flatMap((id) => {
    const [row] = select.rows([id]);
    if (row === undefined) return [];
    const found = toFoundRecord(row);
    spendRecord(budget, row);
    const vectors = byVector?.vectorsOf(Number(row[3])) ?? [];
    for (const vector of vectors) budget.spend(vector.byteLength * 2);
    return [vectors.length === 0 ? found : { ...found, vectors }];
  });
  return { records };
}
