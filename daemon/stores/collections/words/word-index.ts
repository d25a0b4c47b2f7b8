/** The words of one collection's texts, ranked by BM25. */
export interface WordIndex {
  /** Indexes the text of a record that is not indexed; it must be stored already, for snippets. */
  add(record: number, text: string): void;
  /** Forgets a record; `text` is the one it was indexed by. */
  remove(record: number, text: string): void;
  search(search: WordSearch): WordRanking;
  /** For one search: from a record with a text to a piece of it. */
  cutSnippets(words: string): (record: number) => Snippet | undefined;
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

export interface WordRanking {
  /** Best first; of equals, the one with the smaller number first. */
  readonly ranked: readonly RankedText[];
  /** Words that were looked for. */
  readonly terms: number;
}

export interface RankedText {
  readonly record: number;
  /** BM25, positive; higher is better. */
  readonly score: number;
}

/** A piece of a text; `…` where something is left out. */
export interface Snippet {
  readonly text: string;
  /** Where the words stand in it, in UTF-16 units, in order. */
  readonly marks: { readonly start: number; readonly end: number }[];
}
