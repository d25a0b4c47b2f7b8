import type { IsAllowed } from './record-set.ts';
import type { TopRecords } from './top-records.ts';
import { cosine } from './vector-blob.ts';
import type { DistanceQuery, DistantVector, VectorTable } from './vector-table.ts';

/** Vectors that are read from the file at once. */
const BATCH = 32;
/** More than 32-bit arithmetic can be wrong by in a distance, even of 8192 dimensions. */
const MARGIN = 1e-4;
/** Asked for beyond the k nearest at first: those that 32-bit arithmetic cannot tell from them. */
const SPARE = 16;

/** From here on every vector is read, and those of other records are left out. */
const MANY_ALLOWED = 4096;

/** A vector that may be among the best. */
export interface Candidate {
  readonly key: number;
  readonly record: number;
  /** Its score is no greater. */
  readonly ceiling: number;
}

export interface ExactSearch extends DistanceQuery {
  readonly k: number;
  /** The only records that may be found; all of them when absent. */
  readonly allowed?: { readonly records: Float64Array; readonly has: IsAllowed } | undefined;
}

/** Compares every vector of the search's range, and offers the best. */
export function rankExactly(table: VectorTable, search: ExactSearch, top: TopRecords): void {
  const nearest =
    search.allowed === undefined
      ? listNearest(table, search)
      : listAllowed(table, search, search.allowed);
  rescore(table, search.vector, { candidates: toCandidates(nearest), top });
}

/**
 * Compares candidates, given with falling ceilings, by their floats until no other one can be among the best.
 * Answers how many.
 */
export function rescore(
  table: VectorTable,
  vector: Float32Array,
  { candidates, top }: { readonly candidates: Iterable<Candidate>; readonly top: TopRecords },
): number {
  let compared = 0;
  let batch: number[] = [];
  const compare = (): void => {
    for (const stored of table.read(batch)) {
      const score = cosine(vector, stored.vector);
      // A score that is no number must never reach the wire, whatever lies in the store.
      if (Number.isFinite(score)) top.offer(stored.record, score);
    }
    compared += batch.length;
    batch = [];
  };
  for (const { key, ceiling } of candidates) {
    if (!(ceiling >= top.floor())) break;
    batch.push(key);
    if (batch.length === BATCH) compare();
  }
  if (batch.length > 0) compare();
  return compared;
}

function* toCandidates(nearest: Iterable<DistantVector>): Generator<Candidate, void, void> {
  for (const { key, record, distance } of nearest) {
    yield { key, record, ceiling: 1 - distance + MARGIN };
  }
}

/** By rising distance, as many as are taken. */
function* listNearest(
  table: VectorTable,
  search: ExactSearch,
): Generator<DistantVector, void, void> {
  let seen = 0;
  for (let limit = search.k + SPARE; ; limit *= 4) {
    const found = table.nearest(search, limit);
    yield* found.slice(seen);
    if (found.length < limit) return;
    seen = found.length;
  }
}

function* listAllowed(
  table: VectorTable,
  search: ExactSearch,
  { records, has }: NonNullable<ExactSearch['allowed']>,
): Generator<DistantVector, void, void> {
  const isFew = records.length < MANY_ALLOWED;
  const found = [...table.distances(search, isFew ? records : undefined)].filter(
    ({ record, distance }) => !Number.isNaN(distance) && has(record),
  );
  yield* found.sort((a, b) => a.distance - b.distance);
}
