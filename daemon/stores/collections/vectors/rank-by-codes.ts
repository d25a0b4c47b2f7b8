import type { OpenCodes } from './codes.ts';
import type { CodeQuery } from './encode.ts';
import type { Candidate } from './rank-exactly.ts';
import type { IsAllowed } from './record-set.ts';
import { FACTORS, GONE, type Segment } from './segment.ts';
import { createTopRecords, type TopRecords } from './top-records.ts';

/** Standard deviations that an estimate may be wrong by before a vector is lost. */
const COARSE_DEVIATIONS = 3;
const FINE_DEVIATIONS = 4;
/** What rounding to 32 bits may add to that. */
const ROUNDING = 2e-6;
/** Looked at first, for each record that is asked for: those with the best chances. */
const FIRST_PER_RECORD = 8;
const FIRST_LEAST = 64;
const BINS = 2048;
/** Of vectors that estimates cannot tell apart, so many are compared, and so many more for each record. */
const MOST_RESCORED = 1000;
const MOST_RESCORED_PER_RECORD = 20;

export interface CodeSearch {
  readonly vector: Float32Array;
  readonly k: number;
  readonly isAllowed?: IsAllowed | undefined;
}

/**
 * Finds what may be among the k best by codes alone, the likeliest first. Bits give every vector a ceiling;
 * nibbles then tell more about those whose ceiling is above what k records surely reach.
 */
export function findCandidates(
  codes: OpenCodes,
  search: CodeSearch,
): { readonly candidates: readonly Candidate[]; readonly scanned: number } {
  const query = codes.encoder.prepareQuery(search.vector);
  const ceilings = new Float32Array(codes.count);
  let scanned = 0;
  for (const [segment, { from, count }] of codes.segments()) {
    const part = ceilings.subarray(from, from + count);
    scanned += scanBits(segment, { query, ceilings: part, isAllowed: search.isAllowed });
  }
  const refined = refine(codes, { query, ceilings, k: search.k });
  const most = MOST_RESCORED + MOST_RESCORED_PER_RECORD * search.k;
  return { candidates: refined.slice(0, most), scanned };
}

interface Scan {
  readonly query: CodeQuery;
  /** Of the segment's vectors; minus infinity for those that may not be found. */
  readonly ceilings: Float32Array;
  readonly isAllowed: IsAllowed | undefined;
}

/** The inner loop of a search: some fifty nanoseconds a vector. */
function scanBits(
  { count, records, factors, coarse }: Segment,
  { query, ceilings, isAllowed }: Scan,
): number {
  const { bitSums, base, distance } = query;
  const bytes = bitSums.length / 256;
  const deviation = COARSE_DEVIATIONS * distance;
  let scanned = 0;
  for (let at = 0; at < count; at += 1) {
    const record = records[at] ?? 0;
    if (record === GONE || isAllowed?.(record) === false) {
      ceilings[at] = -Infinity;
      continue;
    }
    scanned += 1;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let byte = at * bytes;
    for (let sums = 0; sums < bitSums.length; sums += 1024) {
      a += bitSums[sums + (coarse[byte] ?? 0)] ?? 0;
      b += bitSums[sums + 256 + (coarse[byte + 1] ?? 0)] ?? 0;
      c += bitSums[sums + 512 + (coarse[byte + 2] ?? 0)] ?? 0;
      d += bitSums[sums + 768 + (coarse[byte + 3] ?? 0)] ?? 0;
      byte += 4;
    }
    const factor = at * FACTORS;
    ceilings[at] =
      base +
      (factors[factor] ?? 0) +
      (factors[factor + 1] ?? 0) * (a + b + (c + d)) +
      (factors[factor + 2] ?? 0) * deviation;
  }
  return scanned;
}

interface Refinement {
  readonly query: CodeQuery;
  readonly ceilings: Float32Array;
  readonly k: number;
}

function refine(codes: OpenCodes, { query, ceilings, k }: Refinement): Candidate[] {
  const surely = createTopRecords(k);
  const candidates: Candidate[] = [];
  const refineBetween = (low: number, high: number): void => {
    const isWorthIt = (position: number): boolean => {
      const ceiling = ceilings[position] ?? 0;
      return ceiling >= low && ceiling < high && ceiling >= surely.floor();
    };
    for (const [segment, place] of codes.segments(({ from, count }) => {
      for (let at = from; at < from + count; at += 1) if (isWorthIt(at)) return true;
      return false;
    })) {
      const fine = codes.fineOf(segment);
      for (let at = 0; at < segment.count; at += 1) {
        if (!isWorthIt(place.from + at)) continue;
        const candidate = judge({ segment, fine, at }, query, surely);
        if (candidate.ceiling >= surely.floor()) candidates.push(candidate);
      }
    }
  };
  const edge = findEdge(ceilings, Math.max(FIRST_LEAST, k * FIRST_PER_RECORD));
  refineBetween(edge, Infinity);
  refineBetween(-2, edge);
  return candidates
    .filter(({ ceiling }) => ceiling >= surely.floor())
    .sort((a, b) => b.ceiling - a.ceiling || a.record - b.record);
}

/** What nibbles tell about a vector: how good it may be, and (to `surely`) how good it must be. */
function judge(
  {
    segment,
    fine,
    at,
  }: { readonly segment: Segment; readonly fine: Uint8Array; readonly at: number },
  { rotated, nibbleShift, base, distance }: CodeQuery,
  surely: TopRecords,
): Candidate {
  const half = rotated.length / 2;
  const from = at * half;
  let low = 0;
  let high = 0;
  for (let byte = 0; byte < half; byte += 1) {
    const nibbles = fine[from + byte] ?? 0;
    low += (rotated[byte] ?? 0) * (nibbles & 15);
    high += (rotated[byte + half] ?? 0) * (nibbles >>> 4);
  }
  const factor = at * FACTORS;
  const [offset = 0, , , scale = 0, error = 0] = segment.factors.subarray(factor, factor + FACTORS);
  const estimate = base + offset + scale * (low + high + nibbleShift);
  const margin = FINE_DEVIATIONS * error * distance + ROUNDING;
  const record = segment.records[at] ?? 0;
  surely.offer(record, estimate - margin);
  return { key: segment.keys[at] ?? 0, record, ceiling: estimate + margin };
}

/** A ceiling that about `wanted` vectors reach. */
function findEdge(ceilings: Float32Array, wanted: number): number {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const ceiling of ceilings) {
    if (ceiling === -Infinity) continue;
    lowest = Math.min(lowest, ceiling);
    highest = Math.max(highest, ceiling);
  }
  if (!(highest > lowest)) return -Infinity;
  const perBin = (highest - lowest) / BINS;
  const bins = new Uint32Array(BINS + 1);
  for (const ceiling of ceilings) {
    if (ceiling === -Infinity) continue;
    const bin = Math.floor((ceiling - lowest) / perBin);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  let found = 0;
  for (let bin = BINS; bin >= 0; bin -= 1) {
    found += bins[bin] ?? 0;
    if (found >= wanted) return lowest + bin * perBin;
  }
  return -Infinity;
}
