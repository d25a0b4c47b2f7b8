import type { OpenCodes, Place } from './codes.ts';
import type { CodeQuery } from './encode.ts';
import type { Candidate } from './rank-exactly.ts';
import type { IsAllowed } from './record-set.ts';
import { FACTORS, GONE, type Segment } from './segment.ts';
import { createTopRecords, type TopRecords } from './top-records.ts';

/** Standard deviations that an estimate may be wrong by before a vector is lost. */
const COARSE_DEVIATIONS = 3;
const FINE_DEVIATIONS = 3;
/** What rounding to 32 bits may add to that. */
const ROUNDING = 2e-6;
/** Looked at first, for each record that is asked for: those with the best chances. */
const FIRST_PER_RECORD = 8;
const FIRST_LEAST = 64;
const BINS = 2048;
/** Below every ceiling but that of a vector that may not be found. */
const LOWEST = -2;
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
  const deviation = COARSE_DEVIATIONS * distance;
  let scanned = 0;
  for (let at = 0; at < count; at += 1) {
    const record = records[at] ?? 0;
    if (record === GONE || isAllowed?.(record) === false) {
      ceilings[at] = -Infinity;
      continue;
    }
    scanned += 1;
    const factor = at * FACTORS;
    ceilings[at] =
      base +
      (factors[factor] ?? 0) +
      (factors[factor + 1] ?? 0) * addUp(bitSums, coarse, at) +
      (factors[factor + 2] ?? 0) * deviation;
  }
  return scanned;
}

/** What the bytes of the code in place `at` add up to. Four sums at once: one would wait for itself. */
function addUp(sums: Float32Array, codes: Uint8Array, at: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let byte = (at * sums.length) / 256;
  for (let first = 0; first < sums.length; first += 1024) {
    a += sums[first + (codes[byte] ?? 0)] ?? 0;
    b += sums[first + 256 + (codes[byte + 1] ?? 0)] ?? 0;
    c += sums[first + 512 + (codes[byte + 2] ?? 0)] ?? 0;
    d += sums[first + 768 + (codes[byte + 3] ?? 0)] ?? 0;
    byte += 4;
  }
  return a + b + (c + d);
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
    const positions = listBetween(ceilings, low, high);
    let next = 0;
    const isWanted = ({ from, count }: Place): boolean =>
      (positions[next] ?? Infinity) < from + count;
    for (const [segment, { from, count }] of codes.segments(isWanted)) {
      const fine = codes.fineOf(segment);
      for (let at; (at = (positions[next] ?? Infinity) - from) < count; next += 1) {
        if ((ceilings[from + at] ?? 0) < surely.floor()) continue;
        const candidate = judge({ segment, fine, at }, query, surely);
        if (candidate.ceiling >= surely.floor()) candidates.push(candidate);
      }
    }
  };
  const edge = findEdge(ceilings, Math.max(FIRST_LEAST, k * FIRST_PER_RECORD));
  refineBetween(edge, Infinity);
  if (surely.floor() < edge) refineBetween(Math.max(LOWEST, surely.floor()), edge);
  return candidates
    .filter(({ ceiling }) => ceiling >= surely.floor())
    .sort((a, b) => b.ceiling - a.ceiling || a.record - b.record);
}

/** The positions of the ceilings from `low` up to `high`, ascending. */
function listBetween(ceilings: Float32Array, low: number, high: number): number[] {
  const positions: number[] = [];
  for (let at = 0; at < ceilings.length; at += 1) {
    const ceiling = ceilings[at] ?? 0;
    if (ceiling >= low && ceiling < high) positions.push(at);
  }
  return positions;
}

/** What nibbles tell about a vector: how good it may be, and (to `surely`) how good it must be. */
function judge(
  {
    segment,
    fine,
    at,
  }: { readonly segment: Segment; readonly fine: Uint8Array; readonly at: number },
  { nibbleSums, base, distance }: CodeQuery,
  surely: TopRecords,
): Candidate {
  const factor = at * FACTORS;
  const offset = segment.factors[factor] ?? 0;
  const scale = segment.factors[factor + 3] ?? 0;
  const error = segment.factors[factor + 4] ?? 0;
  const estimate = base + offset + scale * addUp(nibbleSums, fine, at);
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
    if (ceiling < lowest) lowest = ceiling;
    if (ceiling > highest) highest = ceiling;
  }
  if (!(highest > lowest)) return LOWEST;
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
  return LOWEST;
}
