const ROOT_PI = Math.sqrt(Math.PI);

/** Where the series, which loses digits as x grows, hands over to the continued fraction, which needs more terms as x falls. */
const SERIES_ENDS = 1;

/** Terms of the fraction that change no digit at x: its error shrinks as exp(-x √(8 terms)). */
const FRACTION_REACH = 42;

/** exp(x²) erfc(x), the tail of the normal distribution without its exponential: it does not vanish for large x. */
export function erfcx(x: number): number {
  if (x < 0) return 2 * Math.exp(x * x) - erfcx(-x);
  return x < SERIES_ENDS ? Math.exp(x * x) - sumSeries(x) : continueFraction(x);
}

/** erfc(x) for any x; 2 for far negative ones, where erfcx overflows. */
export function erfc(x: number): number {
  return x < 0 ? 2 - erfc(-x) : Math.exp(-x * x) * erfcx(x);
}

/** exp(x²) erf(x) = 2/√π Σ 2ⁿ x^(2n+1) / (2n+1)!!, all of one sign. */
function sumSeries(x: number): number {
  let term = (2 / ROOT_PI) * x;
  let sum = 0;
  for (let n = 1; sum + term !== sum; n += 1) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return sum;
}

/** 1/√π · 1/(x + ½/(x + 1/(x + ³⁄₂/(x + …)))), from the inside out. */
function continueFraction(x: number): number {
  const terms = Math.ceil((FRACTION_REACH / x) ** 2 / 8) + 24;
  let tail = x;
  for (let n = terms; n >= 1; n -= 1) tail = x + n / 2 / tail;
  return 1 / (ROOT_PI * tail);
}
