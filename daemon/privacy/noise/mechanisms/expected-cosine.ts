/** The cosine, on average, between a vector of length 1 and itself with noise of deviation `sigma` on each coordinate. */
export function expectedCosine(dimensions: number, sigma: number): number {
  return 1 / Math.sqrt(1 + dimensions * sigma * sigma);
}
