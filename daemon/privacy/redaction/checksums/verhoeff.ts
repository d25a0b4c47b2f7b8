/** Permutation of the digit at place `i` from the right, by `i` modulo 8. */
const PERMUTATIONS = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** The dihedral group D5: 0 to 4 turn, 5 to 9 turn and flip. */
function multiply(left: number, right: number): number {
  const turned = left < 5 ? (left % 5) + right : left - right;
  const isFlipped = left < 5 === right >= 5;
  return (((turned % 5) + 5) % 5) + (isFlipped ? 5 : 0);
}

/** Verhoeff, 1969: finds every wrong digit and every swap of two neighbours. */
export function isVerhoeff(digits: string): boolean {
  let product = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    product = multiply(product, Number(PERMUTATIONS[place % 8]?.[digit]));
  }
  return product === 0;
}
