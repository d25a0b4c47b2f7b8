/** The vectors of one collection, found by cosine similarity. A record may have several: it is found by the best. */
export interface VectorIndex {
  /** Puts these in the place of the record's vectors; all have the collection's dimensions and are usable. */
  replace(record: number, vectors: readonly Float32Array[]): void;
  remove(record: number): void;
  /** In the order they were given; none for a record without. */
  vectorsOf(record: number): readonly Float32Array[];
  search(search: VectorSearch): VectorRanking;
  /** Forgets what it holds in memory: a transaction was rolled back under it. */
  reset(): void;
  /** Removes its tables. */
  drop(): void;
}

export interface VectorSearch {
  readonly vector: Float32Array;
  /** How many records; fewer where there are fewer. */
  readonly k: number;
  /** The only records that may be found, ascending; all of them when absent. */
  readonly allowed?: Float64Array | undefined;
  /** Compare every vector, whatever their number. */
  readonly isExact?: boolean | undefined;
}

export interface VectorRanking {
  /** Best first; of equals, the one with the smaller number first. */
  readonly ranked: readonly RankedRecord[];
  readonly plan: VectorPlan;
}

export interface RankedRecord {
  readonly record: number;
  /** The cosine similarity, -1..1. */
  readonly score: number;
}

/** How a search found what it found. */
export interface VectorPlan {
  readonly method: 'exact' | 'quantized';
  /** Why that one, in a sentence. */
  readonly reason: string;
  /** Vectors in the collection. */
  readonly vectors: number;
  /** Vectors that were compared as bits; 0 when exact. */
  readonly scanned: number;
  /** Vectors that were compared as floats. */
  readonly rescored: number;
}
