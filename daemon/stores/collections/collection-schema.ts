import { RpcError } from '@locara/protocol/errors';
import type { StoreDatabase } from '../database/database.ts';

/** One collection as stored. Each has tables of its own: dropped at once, ranked on its own words. */
export interface CollectionRow {
  readonly id: number;
  readonly name: string;
  readonly dimensions: number | undefined;
  readonly modelDigest: string | undefined;
}

/** The table of a collection's records (key, id, text, metadata as JSON); its name holds its number, never what an app wrote. */
export function recordsTable({ id }: Pick<CollectionRow, 'id'>): string {
  return `locara_records_${id}`;
}

export function createCollectionSchema(database: StoreDatabase): void {
  database
    .prepare(
      `CREATE TABLE IF NOT EXISTS locara_collections
         (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimensions INTEGER, model TEXT) STRICT`,
    )
    .run();
}

/** Throws Conflict when the name is taken. */
export function insertCollection(
  database: StoreDatabase,
  { name, dimensions }: { readonly name: string; readonly dimensions: number | undefined },
): void {
  if (findCollection(database, name) !== undefined) {
    throw new RpcError('Conflict', 'The collection exists already.');
  }
  const { lastInsertRowid } = database
    .prepare('INSERT INTO locara_collections (name, dimensions) VALUES (?, ?)')
    .run([name, dimensions === undefined ? null : BigInt(dimensions)]);
  database
    .prepare(
      `CREATE TABLE ${recordsTable({ id: Number(lastInsertRowid) })}
         (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT, metadata TEXT) STRICT`,
    )
    .run();
}

/** Removes the collection and its records; its indexes are dropped by themselves. */
export function removeCollection(database: StoreDatabase, collection: CollectionRow): void {
  database.prepare(`DROP TABLE ${recordsTable(collection)}`).run();
  database.prepare('DELETE FROM locara_collections WHERE id = ?').run([BigInt(collection.id)]);
}

export function listCollections(database: StoreDatabase): CollectionRow[] {
  return [
    ...database
      .prepare('SELECT id, name, dimensions, model FROM locara_collections ORDER BY name')
      .rows(),
  ].map(([id, name, dimensions, model]) => ({
    id: Number(id),
    name: String(name),
    dimensions: dimensions === null ? undefined : Number(dimensions),
    modelDigest: model === null ? undefined : String(model),
  }));
}

function findCollection(database: StoreDatabase, name: string): CollectionRow | undefined {
  return listCollections(database).find((collection) => collection.name === name);
}

/** Throws NotFound. */
export function getCollection(database: StoreDatabase, name: string): CollectionRow {
  const collection = findCollection(database, name);
  if (collection === undefined)
    throw new RpcError('NotFound', 'There is no such collection: collections.create makes one.');
  return collection;
}

/**
 * Settles the length of the vectors and the model that makes them: the first ones fix them. Throws
 * InvalidParams for another length, Conflict for another model. Vectors that the app supplies carry
 * no model: which one made them is the app's affair.
 */
export function settleVectors(
  database: StoreDatabase,
  collection: CollectionRow,
  incoming: { readonly lengths: readonly number[]; readonly modelDigest: string | undefined },
): void {
  const dimensions = collection.dimensions ?? incoming.lengths[0];
  for (const length of incoming.lengths) assertDimensions(length, dimensions);
  assertSameModel(collection, incoming.modelDigest);
  database
    .prepare('UPDATE locara_collections SET dimensions = ?, model = ? WHERE id = ?')
    .run([
      dimensions === undefined ? null : BigInt(dimensions),
      collection.modelDigest ?? incoming.modelDigest ?? null,
      BigInt(collection.id),
    ]);
}

export function assertDimensions(actual: number, expected: number | undefined): void {
  if (expected === undefined || actual === expected) return;
  throw new RpcError('InvalidParams', 'The vector has the wrong length for this collection.', {
    details: { rule: 'dimensions', expected, actual },
  });
}

export function assertSameModel(collection: CollectionRow, modelDigest: string | undefined): void {
  const { modelDigest: settled } = collection;
  if (settled === undefined || modelDigest === undefined || settled === modelDigest) return;
  throw new RpcError('Conflict', 'The vectors of this collection were made by another model.', {
    details: { collectionModel: settled, model: modelDigest },
  });
}
