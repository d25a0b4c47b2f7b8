import type { Result } from '@locara/protocol';
import { RpcError } from '@locara/protocol/errors';
import type { StoreDatabase } from '../database/database.ts';
import type { StoredValue } from '../database/stored-value.ts';

export type Tokenizer = Result<'collections.create'>['tokenizer'];

/** One collection as stored. Each has tables of its own: dropped at once, ranked on its own words. */
export interface CollectionRow {
  readonly id: number;
  readonly name: string;
  readonly dimensions: number | undefined;
  readonly modelDigest: string | undefined;
  readonly tokenizer: Tokenizer;
  /** The metadata field whose values part its records. */
  readonly partitionBy: string | undefined;
  /** The number that its vector index has now; `collections.reembed` fills another and then changes it. */
  readonly vectorsNumber: number;
  readonly counts: CollectionCounts;
  readonly reembedding: Reembedding | undefined;
}

export interface CollectionCounts {
  readonly records: number;
  readonly vectors: number;
  /** Records with vectors that the app supplied. */
  readonly supplied: number;
}

/** A `collections.reembed` that has not ended. */
export interface Reembedding {
  readonly modelDigest: string;
  readonly dimensions: number;
  /** The last record that was looked at; 0 before the first. */
  readonly after: number;
}

const COLUMNS = `id, name, dimensions, model, tokenizer, partition_by, vectors_number,
  records, vectors, supplied, pending_model, pending_dimensions, pending_after`;

/** Throws Conflict when the name is taken. */
export function insertCollection(
  database: StoreDatabase,
  {
    name,
    dimensions,
    tokenizer,
    partitionBy,
  }: Pick<CollectionRow, 'name' | 'dimensions' | 'tokenizer' | 'partitionBy'>,
): CollectionRow {
  if (findCollection(database, name) !== undefined) {
    throw new RpcError('Conflict', 'The collection exists already.');
  }
  database
    .prepare(
      `INSERT INTO locara_collections (name, dimensions, tokenizer, partition_by, vectors_number)
       VALUES (?, ?, ?, ?, 0)`,
    )
    .run([
      name,
      dimensions === undefined ? null : BigInt(dimensions),
      tokenizer,
      partitionBy ?? null,
    ]);
  database.prepare('UPDATE locara_collections SET vectors_number = id WHERE name = ?').run([name]);
  return getCollection(database, name);
}

export function deleteCollection(database: StoreDatabase, { id }: CollectionRow): void {
  database.prepare('DELETE FROM locara_collections WHERE id = ?').run([BigInt(id)]);
}

export function listCollections(database: StoreDatabase): CollectionRow[] {
  const rows = database.prepare(`SELECT ${COLUMNS} FROM locara_collections ORDER BY name`).rows();
  return Array.from(rows, toCollectionRow);
}

/** Throws NotFound. */
export function getCollection(database: StoreDatabase, name: string): CollectionRow {
  const collection = findCollection(database, name);
  if (collection === undefined) throw noSuchCollection();
  return collection;
}

export function noSuchCollection(): RpcError {
  return new RpcError('NotFound', 'There is no such collection: collections.create makes one.');
}

function findCollection(database: StoreDatabase, name: string): CollectionRow | undefined {
  const [row] = database
    .prepare(`SELECT ${COLUMNS} FROM locara_collections WHERE name = ?`)
    .rows([name]);
  return row === undefined ? undefined : toCollectionRow(row);
}

function toCollectionRow(row: readonly StoredValue[]): CollectionRow {
  const [id, name, dimensions, model, tokenizer, partitionBy, vectorsNumber] = row;
  const [records, vectors, supplied, pendingModel, pendingDimensions, pendingAfter] = row.slice(7);
  return {
    id: Number(id),
    name: String(name),
    dimensions: dimensions === null ? undefined : Number(dimensions),
    modelDigest: toText(model),
    tokenizer: String(tokenizer) as Tokenizer,
    partitionBy: toText(partitionBy),
    vectorsNumber: Number(vectorsNumber),
    counts: {
      records: Number(records),
      vectors: Number(vectors),
      supplied: Number(supplied),
    },
    reembedding:
      typeof pendingModel === 'string'
        ? {
            modelDigest: pendingModel,
            dimensions: Number(pendingDimensions),
            after: Number(pendingAfter),
          }
        : undefined,
  };
}

function toText(value: StoredValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function countOn(
  database: StoreDatabase,
  { id }: CollectionRow,
  more: CollectionCounts,
): void {
  database
    .prepare(
      `UPDATE locara_collections
       SET records = records + ?, vectors = vectors + ?, supplied = supplied + ? WHERE id = ?`,
    )
    .run([more.records, more.vectors, more.supplied, id].map(BigInt));
}

/** What vectors the collection has from now on. */
export function settleVectors(
  database: StoreDatabase,
  { id }: CollectionRow,
  settled: Pick<CollectionRow, 'dimensions' | 'modelDigest' | 'vectorsNumber'>,
): void {
  const { dimensions, modelDigest, vectorsNumber } = settled;
  database
    .prepare(
      'UPDATE locara_collections SET dimensions = ?, model = ?, vectors_number = ? WHERE id = ?',
    )
    .run([
      dimensions === undefined ? null : BigInt(dimensions),
      modelDigest ?? null,
      BigInt(vectorsNumber),
      BigInt(id),
    ]);
}

export function setReembedding(
  database: StoreDatabase,
  { id }: CollectionRow,
  state: Reembedding | undefined,
): void {
  database
    .prepare(
      `UPDATE locara_collections
       SET pending_model = ?, pending_dimensions = ?, pending_after = ? WHERE id = ?`,
    )
    .run([
      state?.modelDigest ?? null,
      state === undefined ? null : BigInt(state.dimensions),
      state === undefined ? null : BigInt(state.after),
      BigInt(id),
    ]);
}
