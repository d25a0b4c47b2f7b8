import type { Result } from '@locara/protocol';
import { createResultBudget } from '../database/result-budget.ts';
import type { SearchParams } from '../../workers/store/ops/collection-ops.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import { getCollection, type CollectionRow } from './collection-rows.ts';
import { findAllowed, type Allowed } from './find-allowed.ts';
import { type FoundKey, fuseRankings, fusionDepth, type Weights } from './fusion.ts';
import { RECORD_COLUMNS, recordsWithTexts, spendRecord, toFoundRecord } from './records.ts';
import type { CollectionParts } from './upsert.ts';
import { assertDimensions, assertSameModel, isFree } from './vector-rules.ts';
import { assertUsableVector } from './vectors/vector-blob.ts';
import type { VectorRanking } from './vectors/vector-index.ts';
import type { WordRanking } from './words/word-index.ts';

type Hits = StoreOps['searchRecords']['result']['hits'];
type Explanation = Result<'collections.explain'>;

const NOTHING: VectorRanking = {
  ranked: [],
  plan: { method: 'exact', reason: 'There is no vector.', vectors: 0, scanned: 0, rescored: 0 },
};
const EQUAL_WEIGHTS: Weights = { meaning: 1, words: 1 };

/** What a search found, and how. */
interface Findings {
  readonly collection: CollectionRow;
  readonly found: readonly FoundKey[];
  readonly allowed: Allowed | undefined;
  readonly meaning: VectorRanking | undefined;
  readonly words: WordRanking | undefined;
  readonly depth: number;
  readonly weights: Weights;
}

/**
 * The best k records, best first. Scores: by vector the cosine similarity (-1..1); by words BM25,
 * positive; by both the sum of weight/(60 + rank) over the two rankings.
 */
export function searchRecords(
  parts: CollectionParts,
  params: SearchParams,
): StoreOps['searchRecords']['result'] {
  return { hits: readHits(parts, params, find(parts, params)) };
}

/** How the same search is carried out; nothing of what it is about. */
export function explainSearch(parts: CollectionParts, params: SearchParams): Explanation {
  const { collection, found, allowed, meaning, words, depth, weights } = find(parts, params);
  return {
    ...(allowed === undefined
      ? {}
      : {
          filter: {
            matches: allowed.records.length,
            ...(allowed.partition === undefined ? {} : { partition: allowed.partition }),
          },
        }),
    ...(meaning === undefined
      ? {}
      : { meaning: { ...meaning.plan, found: meaning.ranked.length } }),
    ...(words === undefined
      ? {}
      : {
          words: {
            tokenizer: collection.tokenizer,
            terms: words.terms,
            found: words.ranked.length,
          },
        }),
    ...(meaning === undefined || words === undefined
      ? {}
      : { fusion: { method: 'reciprocal-rank', depth, weights } }),
    hits: found.length,
  };
}

function find({ database, indexes }: CollectionParts, params: SearchParams): Findings {
  const collection = getCollection(database, params.collection);
  const { vector, words: query, k, weights = EQUAL_WEIGHTS } = params;
  if (vector !== undefined) assertComparable(collection, vector, params.modelDigest);
  const allowed = findAllowed(database, collection, params.filter);
  const records = allowed?.records;
  const isFused = vector !== undefined && query !== undefined;
  const depth = isFused ? fusionDepth(k) : k;
  const searchMeaning = (query: Float32Array): VectorRanking =>
    collection.counts.vectors === 0
      ? NOTHING
      : indexes.byVector(collection).search({ vector: query, k: depth, allowed: records });
  const meaning = vector === undefined ? undefined : searchMeaning(vector);
  const words =
    query === undefined
      ? undefined
      : indexes.byWords(collection).search({ words: query, k: depth, allowed: records });
  const found =
    meaning !== undefined && words !== undefined
      ? fuseRankings({ meaning: meaning.ranked, words: words.ranked }, weights)
      : ((meaning ?? words)?.ranked ?? []);
  return { collection, found: found.slice(0, k), allowed, meaning, words, depth, weights };
}

function assertComparable(
  collection: CollectionRow,
  vector: Float32Array,
  modelDigest: string | undefined,
): void {
  assertUsableVector(vector);
  // The other model's vectors often have another length too: it is the model that has to be named.
  assertSameModel(collection, modelDigest);
  if (!isFree(collection)) assertDimensions(vector.length, collection.dimensions);
}

function readHits(
  { database, indexes }: CollectionParts,
  { snippetsOf }: SearchParams,
  { collection, found }: Findings,
): Hits {
  const select = database.prepare(
    `SELECT ${RECORD_COLUMNS} FROM ${recordsWithTexts(collection)} WHERE r.key = ?`,
  );
  const cut =
    snippetsOf === undefined ? undefined : indexes.byWords(collection).cutSnippets(snippetsOf);
  const budget = createResultBudget('a smaller k');
  return found.flatMap(({ record, score, scores }) => {
    const [row] = select.rows([BigInt(record)]);
    if (row === undefined) return [];
    spendRecord(budget, row);
    const snippet = cut?.(record);
    if (snippet !== undefined) budget.spend(snippet.text.length * 3, 4 + snippet.marks.length * 3);
    return [
      {
        ...toFoundRecord(row),
        score,
        ...(scores === undefined ? {} : { scores }),
        ...(snippet === undefined ? {} : { snippet }),
      },
    ];
  });
}
