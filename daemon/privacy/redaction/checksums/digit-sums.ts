/** Each digit times its weight, the digits of the products added up; modulo 10. German insurances use it. */
export function weighDigitSums(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (const [place, weight] of weights.entries()) {
    const product = weight * Number(digits[place]);
    sum += Math.floor(product / 10) + (product % 10);
  }
  return sum % 10;
}
