/** Above this record number a set is cheaper than a bit for each. */
const MAX_BITS = 2 ** 27;

/** Which records may be found: asked once for every vector, so it must be quick. */
export type IsAllowed = (record: number) => boolean;

/** `allowed` is ascending. */
export function createRecordSet(allowed: Float64Array): IsAllowed {
  const highest = allowed.at(-1);
  const lowest = allowed[0];
  // Bits up to -1 would be half a gigabyte of them: `>>>` knows no sign.
  if (highest === undefined || lowest === undefined) return () => false;
  if (lowest < 0 || highest >= MAX_BITS) {
    const records = new Set(allowed);
    return (record) => records.has(record);
  }
  const bits = new Uint32Array((highest >>> 5) + 1);
  for (const record of allowed)
    bits[record >>> 5] = (bits[record >>> 5] ?? 0) | (1 << (record & 31));
  return (record) =>
    record >= 0 && record <= highest && ((bits[record >>> 5] ?? 0) >>> (record & 31)) % 2 === 1;
}
