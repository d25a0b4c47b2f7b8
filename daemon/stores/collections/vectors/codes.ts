import type { CodeMemory } from './code-memory.ts';
import type { CodeTable, SegmentBounds } from './code-table.ts';
import { createEncoder, norm, type Encoder } from './encode.ts';
import { createSegment, joinSegments, type Segment, type WholeSegment } from './segment.ts';
import { createSegmentCache, type SegmentCache } from './segment-cache.ts';
import type { StoredVector, VectorTable } from './vector-table.ts';

/** The centre is the mean of this many vectors at most. */
const CENTRE_VECTORS = 4096;
/** After such a part of its vectors is removed, a segment is looked at: has it lost half of them? */
const PART_BEFORE_LOOK = 1 / 8;

/** The codes of a collection, in the file and, from the first search on, in memory. */
export interface Codes {
  /** No vector with a greater key has a code; every one with a smaller or equal key has. */
  sealedUpTo(): number;
  /** Makes a segment of the next vectors; how many. */
  seal(): number;
  /** The vector of this key, which has a code, was removed. */
  remove(key: number): void;
  open(): OpenCodes;
  /** Lets go of everything in memory. */
  forget(): void;
}

/** Codes to be searched. Positions count vectors through all segments. */
export interface OpenCodes {
  readonly encoder: Encoder;
  /** Vectors, those that are gone included. */
  readonly count: number;
  /** One by one; only those that are wanted. */
  segments(isWanted?: (place: Place) => boolean): Generator<[Segment, Place], void, void>;
  /** The nibbles of a segment. */
  fineOf(segment: Segment): Uint8Array;
}

export interface Place {
  /** The position of the segment's first vector. */
  readonly from: number;
  readonly count: number;
}

interface CodesParts {
  readonly table: CodeTable;
  readonly vectors: VectorTable;
  readonly memory: CodeMemory;
  /** In a segment, at most. */
  readonly segmentVectors: number;
}

/** The codes, once there is a centre to measure from. */
interface Coded {
  readonly encoder: Encoder;
  readonly cache: SegmentCache;
  readonly table: CodeTable;
  readonly bounds: SegmentBounds[];
  readonly segmentVectors: number;
}

export function createCodes(parts: CodesParts): Codes {
  const { table, vectors, memory, segmentVectors } = parts;
  const bounds = table.bounds();
  let coded: Coded | undefined;
  /** Of each segment, by its last key, since it was looked at. */
  const removals = new Map<number, number>();
  const getCoded = (): Coded => {
    if (coded !== undefined) return coded;
    const encoder = createEncoder(table.centre() ?? settleCentre(table, vectors));
    const cache = createSegmentCache({ table, memory, bounds, width: encoder.width });
    coded = { encoder, cache, table, bounds, segmentVectors };
    return coded;
  };
  const sealedUpTo = (): number => bounds.at(-1)?.last ?? 0;
  return {
    sealedUpTo,
    seal: () => {
      const { encoder } = getCoded();
      const next = [...vectors.readAfter(sealedUpTo(), segmentVectors)];
      const made = encodeAll(next, encoder);
      if (made === undefined) return 0;
      replaceSegments(getCoded(), { from: bounds.length, old: 0, made });
      return made.count;
    },
    remove: (key) => {
      const index = findSegment(bounds, key);
      table.noteGone(key);
      coded?.cache.markGone(index, key);
      const { last, count } = bounds[index] ?? { last: key, count: 0 };
      const removed = (removals.get(last) ?? 0) + 1;
      const isDue = removed >= count * PART_BEFORE_LOOK;
      if (isDue) tidySegment(getCoded(), index);
      removals.set(last, isDue ? 0 : removed);
    },
    open: () => openCodes(getCoded()),
    forget: () => {
      coded?.cache.forget();
    },
  };
}

function openCodes({ encoder, cache, bounds }: Coded): OpenCodes {
  cache.load();
  return {
    encoder,
    count: bounds.reduce((sum, { count }) => sum + count, 0),
    *segments(isWanted) {
      let from = 0;
      for (const [index, { count }] of bounds.entries()) {
        const place = { from, count };
        from += count;
        if (isWanted?.(place) !== false) yield [cache.get(index), place];
      }
    },
    fineOf: (segment) => cache.fineOf(segment),
  };
}

/** Writes a segment anew that has lost half of its vectors, joined to the one before it where both fit. */
function tidySegment(coded: Coded, index: number): void {
  const { bounds, cache, encoder, table, segmentVectors } = coded;
  const [before, segment] = [bounds[index - 1], bounds[index]];
  if (segment === undefined) return;
  const gone = table.countGone(before?.last ?? 0, segment.last);
  if (gone * 2 < segment.count) return;
  const joins = before !== undefined && before.count + segment.count - gone <= segmentVectors;
  const parts = joins ? [cache.whole(index - 1), cache.whole(index)] : [cache.whole(index)];
  const made = joinSegments(parts, encoder.width);
  const from = index + 1 - parts.length;
  replaceSegments(coded, { from, old: parts.length, made: made.count > 0 ? made : undefined });
}

/** Puts `made` in the place of `old` segments, in the file and in memory. */
function replaceSegments(
  { table, bounds, cache }: Coded,
  change: {
    readonly from: number;
    readonly old: number;
    readonly made: WholeSegment | undefined;
  },
): void {
  const { from, old, made } = change;
  const fresh = made === undefined ? [] : [made];
  if (old > 0) table.remove(bounds.slice(from, from + old), bounds[from - 1]?.last ?? 0);
  for (const segment of fresh) table.insert(segment);
  bounds.splice(from, old, ...fresh.map(({ last, count }) => ({ last, count })));
  cache.splice(from, old, fresh);
}

/** The mean direction of the first vectors: codes tell more of what lies around it. */
function settleCentre(table: CodeTable, vectors: VectorTable): Float32Array {
  const sums: number[] = [];
  let count = 0;
  for (const { vector } of vectors.readAfter(0, CENTRE_VECTORS)) {
    const scale = 1 / norm(vector);
    for (const [at, value] of vector.entries()) sums[at] = (sums[at] ?? 0) + value * scale;
    count += 1;
  }
  const centre = Float32Array.from(sums, (sum) => sum / count);
  table.setCentre(centre);
  return centre;
}

function encodeAll(next: readonly StoredVector[], encoder: Encoder): WholeSegment | undefined {
  const last = next.at(-1)?.key;
  if (last === undefined) return undefined;
  const segment = createSegment({ last, count: next.length }, encoder.width);
  for (const [at, stored] of next.entries()) {
    segment.keys[at] = stored.key;
    segment.records[at] = stored.record;
    encoder.encode(stored.vector, segment, at);
  }
  return segment;
}

/** The index of the segment that covers this key. */
function findSegment(bounds: readonly SegmentBounds[], key: number): number {
  let low = 0;
  let high = bounds.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[middle]?.last ?? 0) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
