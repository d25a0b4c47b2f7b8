import { createResultBudget } from '../database/result-budget.ts';
import type { StoreDatabase } from '../database/database.ts';
import type { SearchParams } from '../../workers/store/ops/collection-ops.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import {
  assertDimensions,
  assertSameModel,
  getCollection,
  recordsTable,
  type CollectionRow,
} from './collection-schema.ts';
import { compileFilter } from './filter.ts';
import type { Indexes } from './indexes.ts';
import { spendRecord, toFoundRecord } from './records.ts';
import { assertUsableVector } from './vectors/vector-blob.ts';

/** How many of each ranking are fused; the constant of reciprocal rank fusion (Cormack, 2009). */
const FUSION_DEPTH = 200;
const FUSION_RANK_OFFSET = 60;

/** One ranked record; a higher score is better. */
interface Ranked {
  readonly record: number;
  readonly score: number;
}

type Hits = StoreOps['searchRecords']['result']['hits'];

/**
 * The best k records, best first. Scores: by vector the cosine similarity (-1..1); by words BM25,
 * positive; by both the sum of 1/(60 + rank) over the two rankings.
 */
export function searchRecords(
  { database, indexes }: { readonly database: StoreDatabase; readonly indexes: Indexes },
  params: SearchParams,
): StoreOps['searchRecords']['result'] {
  const collection = getCollection(database, params.collection);
  const { vector, words, k } = params;
  if (vector !== undefined) assertComparable(collection, vector, params.modelDigest);
  const { byVector, byWords } = indexes.of(collection);
  const allowed = findAllowed(database, recordsTable(collection), params);
  const isFused = vector !== undefined && words !== undefined;
  const depth = isFused ? Math.max(k, FUSION_DEPTH) : k;
  const rankings = [
    ...(vector === undefined ? [] : [byVector.search({ vector, k: depth, allowed }).ranked]),
    ...(words === undefined ? [] : [byWords.search({ words, k: depth, allowed })]),
  ];
  const ranked = isFused ? fuseRankings(rankings) : rankings.flat();
  return { hits: readHits(database, recordsTable(collection), ranked.slice(0, k)) };
}

/** The records that the filter lets through, ascending; undefined without a filter. */
function findAllowed(
  database: StoreDatabase,
  table: string,
  { filter }: SearchParams,
): Float64Array | undefined {
  if (filter === undefined) return undefined;
  const { sql, params } = compileFilter(filter);
  const rows = database
    .prepare(`SELECT r.key FROM ${table} r WHERE ${sql} ORDER BY r.key`)
    .rows(params);
  return Float64Array.from(rows, ([key]) => Number(key));
}

function assertComparable(
  collection: CollectionRow,
  vector: Float32Array,
  modelDigest: string | undefined,
): void {
  assertUsableVector(vector);
  assertDimensions(vector.length, collection.dimensions);
  assertSameModel(collection, modelDigest);
}

function fuseRankings(rankings: readonly (readonly Ranked[])[]): Ranked[] {
  const scores = new Map<number, number>();
  for (const ranking of rankings) {
    ranking.forEach(({ record }, rank) => {
      scores.set(record, (scores.get(record) ?? 0) + 1 / (FUSION_RANK_OFFSET + rank + 1));
    });
  }
  return [...scores]
    .map(([record, score]) => ({ record, score }))
    .sort((a, b) => b.score - a.score || a.record - b.record);
}

function readHits(database: StoreDatabase, table: string, ranked: readonly Ranked[]): Hits {
  const select = database.prepare(`SELECT id, text, metadata FROM ${table} WHERE key = ?`);
  const budget = createResultBudget('a smaller k');
  return ranked.flatMap(({ record, score }) =>
    [...select.rows([BigInt(record)])].map((row) => {
      spendRecord(budget, row);
      return { ...toFoundRecord(row), score };
    }),
  );
}
