const WEIGHTS = [7, 3, 1];

/** ICAO 9303: weights 7, 3, 1 over digits and letters (A is 10); the last place is the check digit. */
export function isIcao(compact: string): boolean {
  let sum = 0;
  for (let place = 0; place < compact.length - 1; place++) {
    sum += parseInt(compact.charAt(place), 36) * (WEIGHTS[place % 3] ?? 0);
  }
  return String(sum % 10) === compact.at(-1);
}
