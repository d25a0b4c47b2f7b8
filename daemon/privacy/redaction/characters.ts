const IDEOGRAPHS_FROM = 0x2e80;
const LETTER = /^\p{L}/u;

export function isDigitCode(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isAsciiLetterCode(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}

/** Of an ASCII letter or digit. `NaN`, which is what stands before and behind a text, is none. */
export function isAlphanumericCode(code: number): boolean {
  return isDigitCode(code) || isAsciiLetterCode(code);
}

/**
 * Whether what stands at `at` would make one word with an identifier beside it: letters and digits, `_`, and the
 * letters of scripts that write spaces between words. In Chinese or Korean, words stand right beside a number.
 */
export function joinsWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 128) return isAlphanumericCode(code) || code === 95;
  return code < IDEOGRAPHS_FROM && LETTER.test(text.charAt(at));
}

export function isDigitAt(text: string, at: number): boolean {
  return isDigitCode(text.charCodeAt(at));
}
