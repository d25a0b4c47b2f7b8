/** The whole part of a quotient of whole numbers up to 2^53, exactly: `%` rounds nothing, and the rest divides evenly. */
export function wholeQuotient(dividend: number, divisor: number): number {
  return (dividend - (dividend % divisor)) / divisor;
}

/** The whole part of the root of a whole number up to 2^53, by Newton's method. */
export function wholeRoot(square: number): number {
  let root = square;
  for (;;) {
    const next = wholeQuotient(root + wholeQuotient(square, Math.max(1, root)), 2);
    if (next >= root) return root;
    root = next;
  }
}
