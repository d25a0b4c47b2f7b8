import type { RankedRecord } from './vectors/vector-index.ts';

/** How many of each ranking are fused at least; the constant of reciprocal rank fusion (Cormack, 2009). */
const FUSION_DEPTH = 64;
const RANK_OFFSET = 60;

export interface Weights {
  readonly meaning: number;
  readonly words: number;
}

/** One found record; a higher score is better. */
export interface FoundKey extends RankedRecord {
  /** What each ranking gave it, where both were searched. */
  readonly scores?: { readonly meaning?: number; readonly words?: number };
}

export function fusionDepth(k: number): number {
  return Math.max(k, FUSION_DEPTH);
}

/** The sum of weight/(60 + rank) over the two rankings, best first. */
export function fuseRankings(
  rankings: Readonly<Record<keyof Weights, readonly RankedRecord[]>>,
  weights: Weights,
): FoundKey[] {
  const found = new Map<number, { score: number; scores: { meaning?: number; words?: number } }>();
  for (const part of ['meaning', 'words'] as const) {
    if (weights[part] === 0) continue;
    for (const [rank, { record, score }] of rankings[part].entries()) {
      const entry = found.get(record) ?? { score: 0, scores: {} };
      entry.score += weights[part] / (RANK_OFFSET + rank + 1);
      entry.scores[part] = score;
      found.set(record, entry);
    }
  }
  return [...found]
    .map(([record, entry]) => ({ record, ...entry }))
    .sort((a, b) => b.score - a.score || a.record - b.record);
}
