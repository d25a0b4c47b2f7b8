import { RpcError } from '@locara/protocol/errors';
import type { UpsertRecord } from '../../workers/store/ops/collection-ops.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import { countOn, getCollection, settleVectors, type CollectionRow } from './collection-rows.ts';
import { recordsTable, textsTable } from './collection-tables.ts';
import { partitionOf } from './filters/partition.ts';
import type { Indexes } from './indexes.ts';
import { findRecord, isStill, toMetadataJson, type StoredRecord } from './records.ts';
import {
  assertDimensions,
  assertNumberOfVectors,
  assertSameModel,
  isFree,
} from './vector-rules.ts';
import { assertUsableVector } from './vectors/vector-blob.ts';
import type { VectorIndex } from './vectors/vector-index.ts';

type Incoming = Pick<StoreOps['upsertRecords']['params'], 'modelDigest' | 'records'>;

export interface CollectionParts {
  readonly database: StoreDatabase;
  readonly indexes: Indexes;
}

/** Adds or replaces records, inside a transaction of the caller's. */
export function upsertRecords(
  parts: CollectionParts,
  { collection: name, records: given, modelDigest }: StoreOps['upsertRecords']['params'],
): { upserted: number } {
  const { database } = parts;
  const collection = getCollection(database, name);
  const records = given.filter((record) => isStill(database, collection, record));
  const target = chooseTarget(parts, collection, { modelDigest, records });
  const counts = { records: 0, vectors: 0, supplied: 0 };
  const write = createWriter(database, collection);
  const byWords = parts.indexes.byWords(collection);
  for (const record of records) {
    const { text = '', vectors = [] } = record;
    const isSupplied = isSuppliedRecord(record);
    const before = write.find(record.id);
    if (before?.text !== undefined) byWords.remove(before.key, before.text);
    const key = write.put(before, record, { vectors: vectors.length, isSupplied });
    target.replace(key, vectors);
    if (text !== '') byWords.add(key, text);
    counts.records += before === undefined ? 1 : 0;
    counts.vectors += vectors.length - (before?.vectors ?? 0);
    counts.supplied += Number(isSupplied) - Number(before?.isSupplied ?? false);
  }
  countOn(database, collection, counts);
  return { upserted: records.length };
}

/** Deletes records, inside a transaction of the caller's. */
export function deleteRecords(
  { database, indexes }: CollectionParts,
  { collection: name, ids }: StoreOps['deleteRecords']['params'],
): { deleted: number } {
  const collection = getCollection(database, name);
  const find = findRecord(database, collection);
  const statements = [recordsTable(collection), textsTable(collection)].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE key = ?`),
  );
  const counts = { records: 0, vectors: 0, supplied: 0 };
  for (const id of ids) {
    const record = find(id);
    if (record === undefined) continue;
    if (record.text !== undefined) indexes.byWords(collection).remove(record.key, record.text);
    indexes.byVector(collection).remove(record.key);
    if (collection.reembedding !== undefined) {
      indexes.byPendingVector(collection).remove(record.key);
    }
    for (const statement of statements) statement.run([BigInt(record.key)]);
    counts.records -= 1;
    counts.vectors -= record.vectors;
    counts.supplied -= Number(record.isSupplied);
  }
  countOn(database, collection, counts);
  return { deleted: -counts.records };
}

/**
 * Where vectors of this model go. The first ones fix the collection's dimensions and model. Throws InvalidParams
 * for another length, Conflict for another model; while texts are embedded anew, only the new model's may come.
 */
function chooseTarget(
  parts: CollectionParts,
  collection: CollectionRow,
  { modelDigest, records }: Incoming,
): Pick<VectorIndex, 'replace'> {
  const { reembedding } = collection;
  if (reembedding === undefined) return chooseSettled(parts, collection, { modelDigest, records });
  const { indexes } = parts;
  const isPending = modelDigest === reembedding.modelDigest;
  const vectors = assertVectors(records, isPending ? reembedding.dimensions : undefined);
  if (vectors.length > 0 && (!isPending || records.some(isSuppliedRecord))) {
    throw new RpcError(
      'Conflict',
      'The texts are being embedded anew: let collections.reembed end.',
      {
        details: {
          rule: 'model',
          model: modelDigest,
          pendingModel: reembedding.modelDigest,
          method: 'collections.reembed',
        },
      },
    );
  }
  const byVector = indexes.byVector(collection);
  const pending = indexes.byPendingVector(collection);
  return {
    replace: (record, own) => {
      byVector.remove(record);
      pending.replace(record, own);
    },
  };
}

function chooseSettled(
  { database, indexes }: CollectionParts,
  collection: CollectionRow,
  { modelDigest, records }: Incoming,
): VectorIndex {
  assertSameModel(collection, modelDigest);
  const isOther = isFree(collection) && modelDigest !== collection.modelDigest;
  const vectors = assertVectors(records, isOther ? undefined : collection.dimensions);
  if (vectors.length === 0) return indexes.byVector(collection);
  // What the index may have kept of the earlier model's dimensions goes with it.
  if (isOther) indexes.dropVectors(collection);
  const settled = isOther ? undefined : collection;
  settleVectors(database, collection, {
    dimensions: settled?.dimensions ?? vectors[0]?.length,
    modelDigest: settled?.modelDigest ?? modelDigest,
    vectorsNumber: collection.vectorsNumber,
  });
  return indexes.byVector(collection);
}

function isSuppliedRecord({ vectors = [], isEmbedded = false }: UpsertRecord): boolean {
  return vectors.length > 0 && !isEmbedded;
}

/** All vectors of the records; throws InvalidParams unless they are usable and of one length. */
function assertVectors(
  records: readonly UpsertRecord[],
  expected: number | undefined,
): readonly Float32Array[] {
  const all = records.flatMap(({ vectors = [] }) => {
    assertNumberOfVectors(vectors);
    return vectors;
  });
  for (const vector of all) {
    assertUsableVector(vector);
    assertDimensions(vector.length, expected ?? all[0]?.length);
  }
  return all;
}

interface RecordWriter {
  readonly find: (id: string) => StoredRecord | undefined;
  /** Returns the key. */
  put(
    before: StoredRecord | undefined,
    record: UpsertRecord,
    own: { readonly vectors: number; readonly isSupplied: boolean },
  ): number;
}

function createWriter(database: StoreDatabase, collection: CollectionRow): RecordWriter {
  const records = recordsTable(collection);
  const texts = textsTable(collection);
  const insert = database.prepare(
    `INSERT INTO ${records} (id, metadata, partition, vectors, is_supplied) VALUES (?, jsonb(?), ?, ?, ?)`,
  );
  const update = database.prepare(
    `UPDATE ${records} SET metadata = jsonb(?), partition = ?, vectors = ?, is_supplied = ? WHERE key = ?`,
  );
  const putText = database.prepare(`INSERT OR REPLACE INTO ${texts} (key, text) VALUES (?, ?)`);
  const removeText = database.prepare(`DELETE FROM ${texts} WHERE key = ?`);
  return {
    find: findRecord(database, collection),
    put: (before, { id, text = '', metadata }, { vectors, isSupplied }) => {
      const values = [
        toMetadataJson(metadata),
        partitionOf(metadata, collection.partitionBy),
        BigInt(vectors),
        BigInt(isSupplied),
      ];
      if (before !== undefined) update.run([...values, BigInt(before.key)]);
      const key =
        before === undefined ? insert.run([id, ...values]).lastInsertRowid : BigInt(before.key);
      if (text !== '') putText.run([key, text]);
      else if (before?.text !== undefined) removeText.run([key]);
      return Number(key);
    },
  };
}
