/** The digits of a text that has nothing else. */
export function digitsOf(digits: string): number[] {
  return Array.from(digits, Number);
}

/** Each digit times the weight at its place, added up; places beyond the weights count nothing. */
export function weighDigits(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, place) => sum + weight * Number(digits[place] ?? 0), 0);
}

/** Whether all characters are one: such numbers pass many a checksum, and are nobody's. */
export function isOneCharacter(compact: string): boolean {
  return compact === compact.charAt(0).repeat(compact.length);
}
