/** Luhn over base 36, as the last place of an Indian GSTIN has it: factors 1 and 2, the digits of base 36 added. */
export function isMod36(compact: string): boolean {
  let sum = 0;
  for (let place = 0; place < compact.length - 1; place++) {
    const product = parseInt(compact.charAt(place), 36) * (place % 2 === 0 ? 1 : 2);
    sum += Math.floor(product / 36) + (product % 36);
  }
  return (36 - (sum % 36)) % 36 === parseInt(compact.slice(-1), 36);
}
