import type { Candidate, Recognizer, ScannedText } from '../recognizer.ts';
import {
  findBox,
  findEnglish,
  findFrench,
  findNumberLast,
  isYear,
  type HouseNumber,
  type Street,
} from './find-street.ts';
import { findCorners } from './find-corners.ts';
import { findMilitary } from './find-military.ts';
import { hasUnit, readTail, type Tail } from './read-tail.ts';
import { ADDRESS_CONTEXT, NOT_NAMES, TIME_WORDS } from './street-words.ts';
import { isCapitalised, isWordCharacter, plain, wordBefore } from './words.ts';

/** A house number: not a part of a decimal number, a date, an amount of money or an id. */
const NUMBER =
  /(?<![\p{L}\p{N}$€£#_@]|[\d][.,:/-]|[.-])\d{1,6}(?:[-/]\d{1,4})?(?:[a-zA-Z]| [a-zA-Z](?=[,;\n]|$))?(?![\p{L}\p{N}_%€£@]|[.,:]\d)/gu;

/** A year before a street is one, unless more of an address stands by. */
function mayBeYear(text: string, street: Street, number: HouseNumber): boolean {
  if (!isYear(text, number)) return false;
  const before = wordBefore(text, street.start);
  return (
    before === undefined ||
    street.start !== number.start ||
    TIME_WORDS.has(plain(before.text)) ||
    plain(before.text) === 'the'
  );
}

/** A number right before a street is of it too: a building, or a post code. */
function startOf(text: string, street: Street): number {
  const before = /(?<![\p{L}\p{N}.,:/-])\d{3,6} $/u.exec(
    text.slice(Math.max(0, street.start - 8), street.start),
  );
  return before === null ? street.start : street.start - before[0].length;
}

function scoreOf(street: Street, tail: Tail, hasContext: boolean): number {
  if (tail.isClosed || tail.hasUnit) return 0.85;
  if (street.needsEvidence) return 0.5;
  return hasContext ? 0.8 : 0.65;
}

/** Capitals and a number, with a unit behind or an address announced: `4923 Parmova 109, Suite 380`. */
function findAnnounced(scanned: ScannedText, number: HouseNumber): Street | undefined {
  const { text } = scanned;
  let start = number.start;
  for (let words = 0; words < 3; words++) {
    const word = wordBefore(text, start);
    if (
      word === undefined ||
      !isCapitalised(word.text) ||
      word.text.length < 3 ||
      NOT_NAMES.has(plain(word.text))
    )
      break;
    start = word.start;
  }
  if (start === number.start) return undefined;
  return { start, end: number.end, needsEvidence: true, reason: 'announced-address' };
}

function isGap(character: string): boolean {
  return character === ' ' || character === ',' || character === '\n';
}

/** Whether a word of two letters or more stands right before or behind (or a quarter of the compass): only there may it be a house number. */
function hasNeighbour(text: string, { start, end }: HouseNumber): boolean {
  if (isGap(text.charAt(start - 1)) && isWordCharacter(text, start - 3)) return true;
  const first = isGap(text.charAt(end + 1)) ? end + 2 : end + 1;
  if (!isGap(text.charAt(end))) return false;
  return isWordCharacter(text, first + 1) || 'NESW'.includes(text.charAt(first));
}

function* judge(scanned: ScannedText, number: HouseNumber): Iterable<Candidate> {
  const { text } = scanned;
  if (!hasNeighbour(text, number)) return;
  const found =
    findBox(text, number) ??
    findEnglish(text, number) ??
    findFrench(text, number) ??
    findNumberLast(text, number);
  const street = found ?? findAnnounced(scanned, number);
  if (street === undefined) return;
  const hasContext = scanned.hasWordBefore(street.start, ADDRESS_CONTEXT, 60);
  const start = startOf(text, street);
  if (found === undefined && !hasUnit(text, street.end) && !(hasContext && start < street.start))
    return;
  const tail = readTail(text, street.end);
  const isBacked = tail.isClosed || tail.hasUnit || hasContext;
  if ((street.needsEvidence || mayBeYear(text, street, number)) && !isBacked) return;
  const end = tail.isClosed || tail.hasUnit ? tail.end : street.end;
  yield {
    entity: 'STREET_ADDRESS',
    start,
    end,
    score: scoreOf(street, tail, hasContext),
    reason: street.reason,
  };
}

/** Streets with a house number in the writing of a dozen countries, post boxes, and corners of streets. */
export const STREET_ADDRESS: Recognizer = {
  id: 'street-address',
  entities: ['STREET_ADDRESS'],
  *scan(scanned) {
    let done = 0;
    const ends = new Set<number>();
    for (const found of scanned.text.matchAll(NUMBER)) {
      if (found.index < done) continue;
      const number = { start: found.index, end: found.index + found[0].length };
      for (const candidate of judge(scanned, number)) {
        done = candidate.end;
        ends.add(done);
        yield candidate;
      }
    }
    for (const post of findMilitary(scanned.text)) if (!ends.has(post.end)) yield post;
    yield* findCorners(scanned.text);
  },
};
