/** Numbers that a code carries beside its bits. */
export const FACTORS = 5;
/** What stands in the place of a record whose vector is gone. */
export const GONE = -1;

/**
 * The codes of neighbouring vectors, in the order of their keys. Per vector: one bit and one nibble for each
 * number of the rotated vector, and the factors that turn them into estimates (see encode.ts).
 */
export interface Segment {
  /** No key of it is greater, none of the next one is smaller. */
  readonly last: number;
  readonly count: number;
  readonly keys: Float64Array;
  /** The record of each vector, or GONE. */
  readonly records: Float64Array;
  /** For each vector: offset, coarse scale, coarse error, fine scale, fine error. */
  readonly factors: Float32Array;
  /** Bits, width / 8 bytes a vector. */
  readonly coarse: Uint8Array;
  /** Nibbles, width / 2 bytes a vector; absent where memory does not hold them. */
  readonly fine?: Uint8Array | undefined;
}

/** A segment with its nibbles at hand. */
export interface WholeSegment extends Segment {
  readonly fine: Uint8Array;
}

/** The stored form of what a segment has beside its codes. */
export function toHeads({ keys, records, factors }: Segment): Uint8Array {
  return Buffer.concat([keys, records, factors].map((part) => new Uint8Array(part.buffer)));
}

/** Undefined when the bytes are not those of `count` vectors. */
export function fromHeads(
  heads: Uint8Array,
  count: number,
): Pick<Segment, 'keys' | 'records' | 'factors'> | undefined {
  if (heads.byteLength !== headBytes(count)) return undefined;
  const { buffer } = new Uint8Array(heads);
  return {
    keys: new Float64Array(buffer, 0, count),
    records: new Float64Array(buffer, count * 8, count),
    factors: new Float32Array(buffer, count * 16, count * FACTORS),
  };
}

export function headBytes(count: number): number {
  return count * (16 + FACTORS * 4);
}

export function createSegment(
  { last, count }: Pick<Segment, 'last' | 'count'>,
  width: number,
): WholeSegment {
  return {
    last,
    count,
    keys: new Float64Array(count),
    records: new Float64Array(count),
    factors: new Float32Array(count * FACTORS),
    coarse: new Uint8Array((count * width) / 8),
    fine: new Uint8Array((count * width) / 2),
  };
}

/** The vectors of these segments that are not gone, as one. */
export function joinSegments(parts: readonly WholeSegment[], width: number): WholeSegment {
  const kept = parts.flatMap((part) =>
    [...part.records.keys()].filter((at) => part.records[at] !== GONE).map((at) => ({ part, at })),
  );
  const last = Math.max(...parts.map((part) => part.last));
  const joined = createSegment({ last, count: kept.length }, width);
  for (const [to, { part, at }] of kept.entries()) {
    joined.keys[to] = part.keys[at] ?? 0;
    joined.records[to] = part.records[at] ?? 0;
    for (const name of ['factors', 'coarse', 'fine'] as const) {
      const size = part[name].length / part.count;
      joined[name].set(part[name].subarray(at * size, (at + 1) * size), to * size);
    }
  }
  return joined;
}

/** The place of a key; undefined when it is not in the segment. */
export function findKey({ keys }: Segment, key: number): number | undefined {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? 0) < key) low = middle + 1;
    else high = middle;
  }
  return keys[low] === key ? low : undefined;
}
