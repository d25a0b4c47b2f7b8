/** An engine that computes now. */
export interface Sharer {
  /** It computes with one thread, whatever it is told. */
  readonly isSingle: boolean;
}

/**
 * Threads of each engine that computes at the same time, in their order: together at most `total`, unless there are
 * more engines than that, for each needs one; each at most `each`. What does not divide goes to the first.
 */
export function divideThreads(
  sharers: readonly Sharer[],
  { total, each }: { readonly total: number; readonly each: number },
): number[] {
  const singles = sharers.filter(({ isSingle }) => isSingle).length;
  const others = sharers.length - singles;
  const left = Math.max(0, total - singles);
  const share = Math.floor(left / Math.max(1, others));
  let extra = left - share * others;
  return sharers.map(({ isSingle }) => {
    if (isSingle) return 1;
    const threads = share + (extra > 0 ? 1 : 0);
    extra -= 1;
    return Math.max(1, Math.min(each, threads));
  });
}
