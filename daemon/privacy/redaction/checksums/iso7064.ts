/** ISO 7064, MOD 11,10: the German tax id and VAT id. */
export function isMod11And10(digits: string): boolean {
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (Number(digit) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === Number(digits.at(-1));
}

/** ISO 7064, MOD 97-10 over digits and letters (A is 10): the remainder is 1. */
export function isMod97And10(compact: string): boolean {
  let remainder = 0;
  for (const character of compact) {
    const value = parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}
