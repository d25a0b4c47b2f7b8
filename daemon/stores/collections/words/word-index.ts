/** The words of one collection's texts, ranked by BM25. */
export interface WordIndex {
  /** Indexes the text of a record that is not indexed. */
  add(record: number, text: string): void;
  /** Forgets a record; `text` is the one it was indexed by. */
  remove(record: number, text: string): void;
  search(search: WordSearch): readonly RankedText[];
  /** Removes its tables. */
  drop(): void;
}

export interface WordSearch {
  /** As a user types them; no query language. */
  readonly words: string;
  readonly k: number;
  /** The only records that may be found, ascending; all of them when absent. */
  readonly allowed?: Float64Array | undefined;
}

export interface RankedText {
  readonly record: number;
  /** BM25, positive; higher is better. */
  readonly score: number;
}
