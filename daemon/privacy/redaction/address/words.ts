/** A word of a text, where it stands. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const MAX_WORD_CHARS = 40;
/** Whether a unit is of a letter, a digit or what may stand in a word; beyond ASCII everything but punctuation is. */
function isWordUnit(unit: number): boolean {
  if (unit < 0x80) {
    const letter = unit | 0x20;
    return (letter >= 0x61 && letter <= 0x7a) || (unit >= 0x2d && unit <= 0x39) || unit === 0x27;
  }
  if (unit < 0x2000) return unit >= 0xc0 || unit === 0xaa || unit === 0xba;
  return unit > 0x303f || unit === 0x2019 || (unit > 0x2bff && unit < 0x3000);
}

export function isWordCharacter(text: string, at: number): boolean {
  return isWordUnit(text.charCodeAt(at));
}

/** The word that ends before `end`, over at most `gap` characters of white space and commas; undefined when longer. */
export function wordBefore(text: string, end: number, gap = 1): Word | undefined {
  let last = end;
  while (last > 0 && end - last < gap && /[\s,]/.test(text.charAt(last - 1))) last -= 1;
  let start = last;
  while (last - start <= MAX_WORD_CHARS && isWordCharacter(text, start - 1)) start -= 1;
  if (start === last || last - start > MAX_WORD_CHARS) return undefined;
  return { text: text.slice(start, last), start, end: last };
}

/** What may stand between two words, and at most how much of it. */
export interface Gap {
  readonly of: RegExp;
  readonly most: number;
}

export const SPACE: Gap = { of: / /, most: 1 };
export const COMMA: Gap = { of: /[\s,]/, most: 2 };

/** The first word behind `start`, over the gap; undefined when there is none, or it is longer than a word. */
export function wordAfter(text: string, start: number, gap: Gap): Word | undefined {
  let first = start;
  while (first < text.length && first - start < gap.most && gap.of.test(text.charAt(first)))
    first += 1;
  let end = first;
  while (end - first <= MAX_WORD_CHARS && isWordCharacter(text, end)) end += 1;
  if (end === first || end - first > MAX_WORD_CHARS) return undefined;
  return { text: text.slice(first, end), start: first, end };
}

export function isCapitalised(word: string): boolean {
  return /^['’]?\p{Lu}/u.test(word);
}

/** In lower case, without dots at the end. */
export function plain(word: string): string {
  const lower = word.toLowerCase();
  return lower.endsWith('.') ? lower.replace(/\.{1,3}$/, '') : lower;
}
