import type { RankedRecord } from './vector-index.ts';

/** The best `limit` records, each by the best of its scores. */
export interface TopRecords {
  offer(record: number, score: number): void;
  /** What a score must reach to matter: that of the last one; minus infinity while there are fewer. */
  floor(): number;
  /** Best first; of equals, the smaller number first. */
  ranked(): readonly RankedRecord[];
}

export function createTopRecords(limit: number): TopRecords {
  // A heap with the worst at the root, and where in it each record is.
  const heap: { record: number; score: number }[] = [];
  const places = new Map<number, number>();
  const isWorse = (a: RankedRecord, b: RankedRecord): boolean =>
    a.score < b.score || (a.score === b.score && a.record > b.record);
  const put = (at: number, entry: RankedRecord): void => {
    heap[at] = entry;
    places.set(entry.record, at);
  };
  const sink = (start: number, entry: RankedRecord): void => {
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isWorse(right, left)) child += 1;
      const worst = heap[child] as RankedRecord;
      if (!isWorse(worst, entry)) break;
      put(at, worst);
      at = child;
    }
    put(at, entry);
  };
  const rise = (entry: RankedRecord): void => {
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      const parent = heap[above] as RankedRecord;
      if (!isWorse(entry, parent)) break;
      put(at, parent);
      at = above;
    }
    put(at, entry);
  };
  return {
    offer: (record, score) => {
      const root = heap.length < limit ? undefined : heap[0];
      if (root !== undefined && score < root.score) return;
      const entry = { record, score };
      if (root !== undefined && !isWorse(root, entry)) return;
      const place = places.get(record);
      if (place !== undefined) {
        if (score > (heap[place] as RankedRecord).score) sink(place, entry);
      } else if (root === undefined) {
        rise(entry);
      } else {
        places.delete(root.record);
        sink(0, entry);
      }
    },
    floor: () => (heap.length < limit ? -Infinity : (heap[0]?.score ?? Infinity)),
    ranked: () => heap.toSorted((a, b) => b.score - a.score || a.record - b.record),
  };
}
