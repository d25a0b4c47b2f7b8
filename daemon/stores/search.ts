import type { SearchParams, StoreOps } from '../workers/store/ops.ts';
import {
  assertDimensions,
  assertSameModel,
  collectionTables,
  getCollection,
  type CollectionRow,
  type CollectionTables,
} from './collection-schema.ts';
import type { StoreDatabase } from './database.ts';
import { compileFilter, type CompiledFilter } from './filter.ts';
import { assertUsableVector, spendRecord, toBlob, toFoundRecord } from './records.ts';
import { createResultBudget } from './result-budget.ts';
import type { StoredValue } from './sql-values.ts';

/** How many of each ranking are fused; the constant of reciprocal rank fusion (Cormack, 2009). */
const FUSION_DEPTH = 200;
const FUSION_RANK_OFFSET = 60;
const MAX_WORDS = 256;

/** One ranked record; a higher score is better. */
interface Ranked {
  readonly key: bigint;
  readonly score: number;
}

type Hits = StoreOps['searchRecords']['result']['hits'];

interface Scope {
  readonly database: StoreDatabase;
  readonly tables: CollectionTables;
  readonly filter: CompiledFilter;
}

/**
 * The best k records, best first. Scores: by vector the cosine similarity (-1..1); by words BM25,
 * positive; by both the sum of 1/(60 + rank) over the two rankings. Exact: every vector is compared.
 */
export function searchRecords(
  database: StoreDatabase,
  params: SearchParams,
): StoreOps['searchRecords']['result'] {
  const collection = getCollection(database, params.collection);
  const { vector, words, k } = params;
  if (vector !== undefined) assertComparable(collection, vector, params.modelDigest);
  const tables = collectionTables(collection);
  const scope = { database, tables, filter: compileFilter(params.filter ?? {}) };
  const isFused = vector !== undefined && words !== undefined;
  const depth = isFused ? Math.max(k, FUSION_DEPTH) : k;
  const rankings = [
    ...(vector === undefined ? [] : [rankByVector(scope, vector, depth)]),
    ...(words === undefined ? [] : [rankByWords(scope, words, depth)]),
  ];
  const ranked = isFused ? fuseRankings(rankings) : rankings.flat();
  return { hits: readHits(scope, ranked.slice(0, k)) };
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

function rankByVector(scope: Scope, vector: Float32Array, depth: number): Ranked[] {
  const { tables, filter } = scope;
  const sql = `SELECT v.key, 1 - vec_distance_cosine(v.vector, ?) AS score
    FROM ${tables.vectors} v JOIN ${tables.records} r ON r.key = v.key
    WHERE ${filter.sql} ORDER BY score DESC, v.key LIMIT ?`;
  return readRanking(scope, sql, [toBlob(vector), ...filter.params, BigInt(depth)]);
}

function rankByWords(scope: Scope, words: string, depth: number): Ranked[] {
  const { tables, filter } = scope;
  const expression = toMatchExpression(words);
  if (expression === '') return [];
  const sql = `SELECT w.rowid, -bm25(${tables.words}) AS score
    FROM ${tables.words} w JOIN ${tables.records} r ON r.key = w.rowid
    WHERE w.text MATCH ? AND ${filter.sql} ORDER BY score DESC, w.rowid LIMIT ?`;
  return readRanking(scope, sql, [expression, ...filter.params, BigInt(depth)]);
}

function readRanking(scope: Scope, sql: string, params: readonly StoredValue[]): Ranked[] {
  return [...scope.database.prepare(sql).rows(params)].flatMap(([key, score]) =>
    // A score that is no number must never reach the wire, whatever lies in the store.
    typeof key === 'bigint' && Number.isFinite(score) ? [{ key, score: Number(score) }] : [],
  );
}

/**
 * Any of the words may match, the rarer ones count more. Each is quoted, so that nothing a user types
 * is read as FTS5's query language; a word like `e-mail` matches its parts in sequence.
 */
function toMatchExpression(words: string): string {
  const distinct = new Set(
    words.split(/[\s\0]+/u).filter((word) => /[\p{L}\p{N}\p{Co}]/u.test(word)),
  );
  return [...distinct]
    .slice(0, MAX_WORDS)
    .map((word) => `"${word.replaceAll('"', '""')}"`)
    .join(' OR ');
}

function fuseRankings(rankings: readonly (readonly Ranked[])[]): Ranked[] {
  const scores = new Map<bigint, number>();
  for (const ranking of rankings) {
    ranking.forEach(({ key }, rank) => {
      scores.set(key, (scores.get(key) ?? 0) + 1 / (FUSION_RANK_OFFSET + rank + 1));
    });
  }
  return [...scores]
    .map(([key, score]) => ({ key, score }))
    .sort((a, b) => b.score - a.score || Number(a.key - b.key));
}

function readHits({ database, tables }: Scope, ranked: readonly Ranked[]): Hits {
  const select = database.prepare(`SELECT id, text, metadata FROM ${tables.records} WHERE key = ?`);
  const budget = createResultBudget('a smaller k');
  return ranked.flatMap(({ key, score }) =>
    [...select.rows([key])].map((row) => {
      spendRecord(budget, row);
      return { ...toFoundRecord(row), score };
    }),
  );
}
