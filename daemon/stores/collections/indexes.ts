import type { StoreDatabase } from '../database/database.ts';
import type { CollectionRow } from './collection-rows.ts';
import { createCodeMemory } from './vectors/code-memory.ts';
import { createVectorIndex } from './vectors/create-vector-index.ts';
import type { VectorIndex } from './vectors/vector-index.ts';
import { createWordIndex } from './words/create-word-index.ts';
import type { WordIndex } from './words/word-index.ts';

/** Far beyond any collection's own number. */
const OTHER_NUMBERS_FROM = 1_000_000_000;

/** The indexes of every collection that was used, kept while the store is open; each is made by its first use. */
export interface Indexes {
  byVector(collection: CollectionRow): VectorIndex;
  byWords(collection: CollectionRow): WordIndex;
  /** The vectors of a `collections.reembed` that has not ended: the index that will be `byVector`. */
  byPendingVector(collection: CollectionRow): VectorIndex;
  /** Removes the vectors that it has now, pending ones apart. */
  dropVectors(collection: CollectionRow): void;
  /** Removes what it holds of pending vectors, if there are any. */
  dropPending(collection: CollectionRow): void;
  drop(collection: CollectionRow): void;
  /** All of `work` or nothing, in memory as in the file. */
  change<T>(work: () => T): T;
}

export function createIndexes(database: StoreDatabase): Indexes {
  const memory = createCodeMemory();
  const vectors = new Map<number, VectorIndex>();
  const words = new Map<number, WordIndex>();
  const ofNumber = (number: number): VectorIndex => {
    const index = vectors.get(number) ?? createVectorIndex(database, number, { memory });
    vectors.set(number, index);
    return index;
  };
  const byWords = (collection: CollectionRow): WordIndex => {
    const index = words.get(collection.id) ?? createWordIndex(database, collection);
    words.set(collection.id, index);
    return index;
  };
  const dropVectors = (number: number): void => {
    ofNumber(number).drop();
    vectors.delete(number);
  };
  const dropPending = (collection: CollectionRow): void => {
    if (collection.reembedding !== undefined) dropVectors(otherNumber(collection));
  };
  return {
    byVector: ({ vectorsNumber }) => ofNumber(vectorsNumber),
    byWords,
    byPendingVector: (collection) => ofNumber(otherNumber(collection)),
    dropVectors: ({ vectorsNumber }) => {
      dropVectors(vectorsNumber);
    },
    dropPending,
    drop: (collection) => {
      dropVectors(collection.vectorsNumber);
      dropPending(collection);
      byWords(collection).drop();
      words.delete(collection.id);
    },
    change: (work) => {
      try {
        return database.transaction(work);
      } catch (error) {
        // What a rolled back change left in memory is not in the file.
        for (const index of vectors.values()) index.reset();
        vectors.clear();
        words.clear();
        throw error;
      }
    },
  };
}

/** Of the two numbers that a collection's vectors may have, the one they do not have now. */
export function otherNumber({ id, vectorsNumber }: CollectionRow): number {
  return vectorsNumber === id ? id + OTHER_NUMBERS_FROM : id;
}
