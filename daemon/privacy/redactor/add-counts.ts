type Counts = Readonly<Record<string, number>>;

/** The sum of each name, whatever a caller calls what it counts. */
export function addCounts(left: Counts, right: Counts): Counts {
  const sum = new Map(Object.entries(left));
  for (const [name, count] of Object.entries(right)) sum.set(name, (sum.get(name) ?? 0) + count);
  return Object.fromEntries(sum);
}
