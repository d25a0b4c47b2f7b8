import { isDigitAt } from '../characters.ts';

interface Group {
  readonly start: number;
  readonly end: number;
}

/** Digits in groups, as far as what stands between them may stand in a telephone number. */
export interface PhoneRun {
  readonly groups: readonly Group[];
}

const MAX_SEPARATOR_CHARS = 3;
/** Longer rows of numbers are tables, not telephone numbers. */
const MAX_GROUPS = 40;
const SEPARATORS = new Set([' ', '-', '.', '(', ')', '/']);

/** All runs with as many digits as a telephone number, from left to right. `undefined` is a pause. */
export function* listPhoneRuns(text: string): Iterable<PhoneRun | undefined> {
  let count = 0;
  for (let at = nextDigit(text, 0); at !== -1;) {
    if ((count += 1) % 512 === 0) yield undefined;
    const groups: Group[] = [];
    let digits = 0;
    let end = at;
    for (let start = at; start !== -1; start = nextGroup(text, end)) {
      end = start;
      while (isDigitAt(text, end)) end += 1;
      digits += end - start;
      if (groups.length <= MAX_GROUPS) groups.push({ start, end });
    }
    if (digits >= 7 && groups.length <= MAX_GROUPS) yield { groups };
    at = nextDigit(text, end);
  }
}

function nextDigit(text: string, from: number): number {
  const digit = /\d/g;
  digit.lastIndex = from;
  return digit.test(text) ? digit.lastIndex - 1 : -1;
}

/** Where the group behind `end` starts, if no more than a separator is between. */
function nextGroup(text: string, end: number): number {
  for (let at = end; at <= end + MAX_SEPARATOR_CHARS; at += 1) {
    if (isDigitAt(text, at)) return at;
    if (!SEPARATORS.has(text.charAt(at))) return -1;
  }
  return -1;
}
