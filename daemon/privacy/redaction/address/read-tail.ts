import { COUNTRY_ENDS, POST_CODE, POST_CODE_END, STATE_CODES } from './places.ts';
import { PARTICLES, UNIT_WORDS } from './street-words.ts';
import { isCapitalised, plain, wordAfter, type Gap, type Word } from './words.ts';

/** What follows a street, and how far it belongs to the address. */
export interface Tail {
  readonly end: number;
  readonly hasUnit: boolean;
  /** A post code, a state or a country closes it. */
  readonly isClosed: boolean;
}

/** Between the lines of an address: white space, commas, and what mails put in front of quoted lines. */
const LINES: Gap = { of: /[\s,>|()]/, most: 6 };
const NUMBER_SIGN: Gap = { of: /[\s#]/, most: 2 };
const MAX_UNITS = 2;
const MAX_WORDS = 9;

const HASHED_UNIT = /(?:#\s?|[\s,>]{1,6}#\s?)(\d{1,5}[A-Za-z]?)(?![\p{L}\d])/uy;

function readUnit(text: string, from: number): number {
  HASHED_UNIT.lastIndex = from;
  if (HASHED_UNIT.test(text)) return HASHED_UNIT.lastIndex;
  const word = wordAfter(text, from, LINES);
  if (word === undefined || !UNIT_WORDS.has(plain(word.text))) return from;
  const number = wordAfter(text, word.end, NUMBER_SIGN);
  return number !== undefined && /^[A-Za-z]?-?\d{1,5}[A-Za-z]?\.?$/.test(number.text)
    ? number.start + number.text.replace(/\.$/, '').length
    : from;
}

export function hasUnit(text: string, from: number): boolean {
  return readUnit(text, from) > from;
}

/** Whether nothing of an address can follow this word on its line. */
function endsSentence(word: Word): boolean {
  return /\p{Ll}{2}[.]$/u.test(word.text);
}

function closes(word: Word, previous: Word | undefined): boolean {
  const bare = word.text.replace(/[.]+$/, '');
  if (POST_CODE_END.test(bare)) return previous !== undefined && POST_CODE.test(previous.text);
  return (
    /^\d{4,6}(?:-\d{3,4})?$|^\d{2,3}-\d{3,4}$/.test(bare) ||
    STATE_CODES.has(bare) ||
    COUNTRY_ENDS.has(bare.toLowerCase())
  );
}

/** Reads units, then a city with its post code, state or country: without one of these it may be any word. */
export function readTail(text: string, from: number): Tail {
  let end = from;
  for (let units = 0; units < MAX_UNITS; units++) end = readUnit(text, end);
  const unitsEnd = end;
  let at = end;
  let closedEnd = end;
  let previous: Word | undefined;
  for (let words = 0; words < MAX_WORDS; words++) {
    const word = wordAfter(text, at, LINES);
    if (word === undefined) break;
    const isPart =
      isCapitalised(word.text) || PARTICLES.has(plain(word.text)) || /^\d/.test(word.text);
    if (!isPart && !COUNTRY_ENDS.has(plain(word.text))) break;
    const length = word.text.replace(/[.'’/-]+$/, '').length;
    if (closes(word, previous)) closedEnd = word.start + length;
    // Behind a post code that comes first, as in `80331 München`, its town.
    else if (
      closedEnd === previous?.end &&
      /^\d{4,5}$/.test(previous.text) &&
      !/^\d/.test(word.text)
    )
      closedEnd = word.start + length;
    if (endsSentence(word) || (/^\d/.test(word.text) && !closes(word, previous))) break;
    previous = word;
    at = word.end;
  }
  return { end: closedEnd, hasUnit: unitsEnd > from, isClosed: closedEnd > unitsEnd };
}
