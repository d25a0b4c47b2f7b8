import { RpcError } from '@locara/protocol/errors';
import type { StoreOps } from '../../workers/store/ops.ts';
import {
  countOn,
  getCollection,
  setReembedding,
  settleVectors,
  type CollectionRow,
  type Reembedding,
} from './collection-rows.ts';
import { recordsTable } from './collection-tables.ts';
import { otherNumber } from './indexes.ts';
import { recordsWithTexts } from './records.ts';
import type { CollectionParts } from './upsert.ts';
import { assertDimensions, assertNumberOfVectors } from './vector-rules.ts';
import { assertUsableVector } from './vectors/vector-blob.ts';

/** One batch of texts, short enough that its embedding can be cancelled soon. */
const BATCH_TEXTS = 64;
const BATCH_CHARACTERS = 256 * 1024;
/** Where no vector is supplied, every vector came from a text; a blank text has none. */
const IS_EMBEDDED = 'r.vectors > 0';

/** The next texts to embed anew, and how far it has come. Throws Conflict where vectors are not the daemon's. */
export function readTexts(
  { database }: CollectionParts,
  { collection: name }: StoreOps['readTexts']['params'],
): StoreOps['readTexts']['result'] {
  const collection = getCollection(database, name);
  assertAllEmbedded(collection);
  const after = collection.reembedding?.after ?? 0;
  const rows = database
    .prepare(
      `SELECT r.key, t.text FROM ${recordsWithTexts(collection)}
       WHERE r.key > ? AND ${IS_EMBEDDED} ORDER BY r.key LIMIT ?`,
    )
    .rows([BigInt(after), BigInt(BATCH_TEXTS)]);
  const texts: { record: number; text: string }[] = [];
  let characters = 0;
  for (const [key, text] of rows) {
    if (typeof text !== 'string') continue;
    texts.push({ record: Number(key), text });
    characters += text.length;
    if (characters >= BATCH_CHARACTERS) break;
  }
  const { modelDigest, reembedding } = collection;
  return { texts, after, modelDigest, pendingDigest: reembedding?.modelDigest };
}

/** How many texts there are, and how many of them are behind; reads all their keys. */
export function countTexts(
  { database }: CollectionParts,
  { collection: name }: StoreOps['countTexts']['params'],
): StoreOps['countTexts']['result'] {
  const collection = getCollection(database, name);
  const [row] = database
    .prepare(
      `SELECT count(*), count(*) FILTER (WHERE r.key <= ?)
       FROM ${recordsTable(collection)} r WHERE ${IS_EMBEDDED}`,
    )
    .rows([BigInt(collection.reembedding?.after ?? 0)]);
  return { total: Number(row?.[0]), done: Number(row?.[1]) };
}

/**
 * Stores the vectors of one batch beside the old ones, inside a transaction of the caller's. The first batch of
 * a model begins it, and ends what another model had begun: then its own texts are to be read again.
 */
export function writeVectors(
  parts: CollectionParts,
  {
    collection: name,
    modelDigest,
    dimensions,
    after: from,
    batch,
  }: StoreOps['writeVectors']['params'],
): { written: number } {
  const { database, indexes } = parts;
  const found = getCollection(database, name);
  assertAllEmbedded(found);
  const collection = begin(parts, found, { modelDigest, dimensions });
  // Another call was faster, or it begins anew: what was read is not what comes next.
  if (collection.reembedding?.after !== from) return { written: 0 };
  const pending = indexes.byPendingVector(collection);
  const current = database.prepare(
    `SELECT t.text, r.vectors FROM ${recordsWithTexts(collection)} WHERE r.key = ?`,
  );
  const count = database.prepare(
    `UPDATE ${recordsTable(collection)} SET vectors = ? WHERE key = ?`,
  );
  let written = 0;
  let more = 0;
  let after = from;
  for (const { record, text, vectors } of batch) {
    after = Math.max(after, record);
    const [row] = current.rows([BigInt(record)]);
    // Deleted or replaced since it was read: what replaced it has its vectors by the new model.
    if (row?.[0] !== text || pending.vectorsOf(record).length > 0) continue;
    for (const vector of vectors) {
      assertUsableVector(vector);
      assertDimensions(vector.length, dimensions);
    }
    assertNumberOfVectors(vectors);
    pending.replace(record, vectors);
    count.run([BigInt(vectors.length), BigInt(record)]);
    more += vectors.length - Number(row[1]);
    written += 1;
  }
  countOn(database, collection, { records: 0, vectors: more, supplied: 0 });
  setReembedding(database, collection, { modelDigest, dimensions, after });
  return { written };
}

/** Puts the new vectors in the place of the old ones, inside a transaction of the caller's; none may be missing. */
export function finishReembedding(
  { database, indexes }: CollectionParts,
  { collection: name, modelDigest }: StoreOps['finishReembedding']['params'],
): StoreOps['finishReembedding']['result'] {
  const collection = getCollection(database, name);
  const { reembedding } = collection;
  if (reembedding?.modelDigest !== modelDigest) return { isFinished: false };
  assertAllEmbedded(collection);
  const [left] = database
    .prepare(
      `SELECT 1 FROM ${recordsTable(collection)} r WHERE r.key > ? AND ${IS_EMBEDDED} LIMIT 1`,
    )
    .rows([BigInt(reembedding.after)]);
  if (left !== undefined) return { isFinished: false };
  const vectorsNumber = otherNumber(collection);
  indexes.dropVectors(collection);
  settleVectors(database, collection, {
    dimensions: reembedding.dimensions,
    modelDigest,
    vectorsNumber,
  });
  setReembedding(database, collection, undefined);
  return { isFinished: true };
}

function begin(
  { database, indexes }: CollectionParts,
  collection: CollectionRow,
  model: Pick<Reembedding, 'modelDigest' | 'dimensions'>,
): CollectionRow {
  if (collection.reembedding?.modelDigest === model.modelDigest) return collection;
  indexes.dropPending(collection);
  const reembedding = { ...model, after: 0 };
  setReembedding(database, collection, reembedding);
  return { ...collection, reembedding };
}

function assertAllEmbedded({ counts }: CollectionRow): void {
  if (counts.supplied === 0) return;
  throw new RpcError(
    'Conflict',
    'The app supplied vectors of this collection: only it can make them anew.',
    {
      details: { rule: 'supplied_vectors', records: counts.supplied },
    },
  );
}
