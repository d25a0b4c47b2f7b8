/** How likely randomised response keeps the true one of `labels`, and how likely it says each of the others. */
export function responseOdds(
  epsilon: number,
  labels: number,
): { readonly kept: number; readonly other: number } {
  const odds = Math.exp(-epsilon);
  const kept = 1 / (1 + (labels - 1) * odds);
  return { kept, other: kept * odds };
}
