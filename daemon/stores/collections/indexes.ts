import type { StoreDatabase } from '../database/database.ts';
import type { CollectionRow } from './collection-schema.ts';
import { createVectorIndex } from './vectors/create-vector-index.ts';
import type { VectorIndex } from './vectors/vector-index.ts';
import { createWordIndex } from './words/create-word-index.ts';
import type { WordIndex } from './words/word-index.ts';

interface CollectionIndexes {
  readonly byVector: VectorIndex;
  readonly byWords: WordIndex;
}

/** The indexes of every collection that was used, kept while the store is open. */
export interface Indexes {
  of(collection: CollectionRow): CollectionIndexes;
  drop(collection: CollectionRow): void;
  /** All of `work` or nothing, in memory as in the file. */
  change<T>(work: () => T): T;
}

export function createIndexes(database: StoreDatabase): Indexes {
  const open = new Map<number, CollectionIndexes>();
  const of = (collection: CollectionRow): CollectionIndexes => {
    const present = open.get(collection.id);
    if (present !== undefined) return present;
    const made = {
      byVector: createVectorIndex(database, collection.id),
      byWords: createWordIndex(database, collection.id),
    };
    open.set(collection.id, made);
    return made;
  };
  return {
    of,
    drop: (collection) => {
      const { byVector, byWords } = of(collection);
      byVector.drop();
      byWords.drop();
      open.delete(collection.id);
    },
    change: (work) => {
      try {
        return database.transaction(work);
      } catch (error) {
        // What a rolled back change left in memory is not in the file.
        for (const { byVector } of open.values()) byVector.reset();
        open.clear();
        throw error;
      }
    },
  };
}
