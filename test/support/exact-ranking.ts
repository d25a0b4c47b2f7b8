import type { RankedRecord } from '../../daemon/stores/collections/vectors/vector-index.ts';

/** What an index should hold: a record's vectors, by its number. */
export type RecordVectors = ReadonlyMap<number, readonly Float32Array[]>;

/** The best k records by comparing everything, as plainly as possible. */
export function rankByComparing(
  records: RecordVectors,
  { vector, k, allowed }: { vector: Float32Array; k: number; allowed?: Float64Array | undefined },
): RankedRecord[] {
  const permitted = allowed === undefined ? undefined : new Set(allowed);
  return [...records]
    .filter(([record, vectors]) => vectors.length > 0 && permitted?.has(record) !== false)
    .map(([record, vectors]) => ({
      record,
      score: Math.max(...vectors.map((own) => cosineOf(own, vector))),
    }))
    .sort((a, b) => b.score - a.score || a.record - b.record)
    .slice(0, k);
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  let [product, squareA, squareB] = [0, 0, 0];
  for (let at = 0; at < a.length; at += 1) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    product += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  return product / (Math.sqrt(squareA) * Math.sqrt(squareB));
}

/** How many of the right ones were found, 0..1; one that scores as well as a right one is right. */
export function recallOf(found: readonly RankedRecord[], right: readonly RankedRecord[]): number {
  const worst = right.at(-1)?.score ?? 0;
  return found.filter(({ score }) => score >= worst - 1e-12).length / right.length;
}
