/** The ball that vectors are brought into, and how many steps of the lattice its radius has. */
export interface Ball {
  /** L2 length. */
  readonly clip: number;
  /** Whole. */
  readonly radius: number;
}

/**
 * A vector in steps: shortened to `clip` if it is longer, and each coordinate cut toward zero, so that no rounding
 * makes it longer again. Its squared length, added up in whole numbers, is at most radius²: two such vectors are
 * never further apart than 2 radius, whatever the floating-point arithmetic before did.
 */
export function clipToLattice(vector: Float32Array, { clip, radius }: Ball): Float64Array {
  let square = 0;
  for (const value of vector) square += value * value;
  const steps = radius / Math.max(Math.sqrt(square), clip);
  const cut = new Float64Array(vector);
  for (let at = 0; at < cut.length; at += 1) cut[at] = Math.trunc((cut[at] ?? 0) * steps);
  while (squaredLength(cut) > radius * radius) shorten(cut);
  return cut;
}

function squaredLength(steps: Float64Array): number {
  let sum = 0;
  for (const value of steps) sum += value * value;
  return sum;
}

/** Takes a step off the longest coordinate. */
function shorten(steps: Float64Array): void {
  let longest = 0;
  for (let at = 1; at < steps.length; at += 1) {
    if (Math.abs(steps[at] ?? 0) > Math.abs(steps[longest] ?? 0)) longest = at;
  }
  steps[longest] = (steps[longest] ?? 0) - Math.sign(steps[longest] ?? 0);
}
