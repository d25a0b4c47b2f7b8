import {
  BOX_WORDS,
  ENGLISH_TYPES,
  FRENCH_TYPES,
  LEADING_TYPES,
  NOT_NAMES,
  NOT_STREETS,
  PARTICLES,
  PLAIN_ENGLISH_TYPES,
  PLAIN_LEADING_TYPES,
  STREET_ENDINGS,
  TRAILING_TYPES,
  WEAK_ENGLISH_TYPES,
} from './street-words.ts';
import { isCapitalised, plain, COMMA, SPACE, wordAfter, wordBefore, type Word } from './words.ts';

/** A street with its number. */
export interface Street {
  readonly start: number;
  readonly end: number;
  /** Nothing is said about it alone: a unit, a post code or a word of context has to stand by. */
  readonly needsEvidence: boolean;
  readonly reason: string;
}

/** A house number, where it stands. */
export interface HouseNumber {
  readonly start: number;
  readonly end: number;
}

const MAX_NAME_WORDS = 5;
const FRENCH_PARTICLES: ReadonlySet<string> = new Set([
  'de',
  'du',
  'des',
  'la',
  'le',
  'les',
  'd',
  'l',
  'et',
]);

function isOrdinal(word: string): boolean {
  return /^\d{1,3}(?:st|nd|rd|th)$/i.test(word);
}

function isNameWord(word: string): boolean {
  return (isCapitalised(word) || isOrdinal(word)) && !NOT_NAMES.has(plain(word));
}

/** Whether the abbreviation may be a title or a saint: `Dr Smith`, `St Mary`. */
function precedesName(text: string, word: Word): boolean {
  if (!/^(?:dr|st)\.?$/i.test(word.text)) return false;
  const next = wordAfter(text, word.end, SPACE);
  return next !== undefined && isCapitalised(next.text);
}

/** Whether the dot behind a type ends the sentence, and not an abbreviation. */
function isFullStop(text: string, word: Word): boolean {
  return /[a-z]{5,}\.$/i.test(word.text) || (word.text.endsWith('.') && word.end === text.length);
}

/** `12 Old Mill Road`: capitals, or a plain `street` behind one word. */
export function findEnglish(text: string, number: HouseNumber): Street | undefined {
  let at = number.end;
  let hasCapitals = true;
  for (let words = 0; words <= MAX_NAME_WORDS; words++) {
    const word = wordAfter(text, at, SPACE);
    if (word === undefined) return undefined;
    const type = plain(word.text);
    if (words > 0 && ENGLISH_TYPES.has(type)) {
      const isCapital = isCapitalised(word.text);
      if (
        !isCapital &&
        !(hasCapitals && /^str?\.?$/.test(word.text)) &&
        !PLAIN_ENGLISH_TYPES.has(type)
      )
        return undefined;
      const following = wordAfter(text, word.end, SPACE);
      // `Park Avenue North`, `Forest Hill Road`: the last type is the one that counts.
      if (!(
        following !== undefined &&
        isCapital &&
        isCapitalised(following.text) &&
        ENGLISH_TYPES.has(plain(following.text))
      )) {
        const direction =
          following !== undefined &&
          /^(?:[NSEW]{1,2}|North|South|East|West)\.?$/.test(following.text)
            ? following
            : word;
        const end = direction.end - (isFullStop(text, direction) ? 1 : 0);
        const needsEvidence =
          (!isCapital && !hasCapitals) || WEAK_ENGLISH_TYPES.has(type) || precedesName(text, word);
        return { start: number.start, end, needsEvidence, reason: 'number-name-type' };
      }
    }
    if (NOT_NAMES.has(type) || (/[.,/]$/.test(word.text) && word.text.length > 3)) return undefined;
    if (!isNameWord(word.text)) {
      if (words > 1 || !/^\p{Ll}{3,}$/u.test(word.text)) return undefined;
      hasCapitals = false;
    }
    at = word.end;
  }
  return undefined;
}

/** `12 rue de la Paix`, `12 bis, avenue Foch`. */
export function findFrench(text: string, number: HouseNumber): Street | undefined {
  let type = wordAfter(text, number.end, COMMA);
  if (type !== undefined && /^(?:bis|ter|quater)$/.test(type.text))
    type = wordAfter(text, type.end, COMMA);
  if (type === undefined || !FRENCH_TYPES.has(plain(type.text))) return undefined;
  let at = type.end;
  let end: number | undefined;
  let hasParticle = false;
  for (let words = 0; words < MAX_NAME_WORDS + 1; words++) {
    const word = wordAfter(text, at, SPACE);
    if (word === undefined) break;
    const elided = /^[ld]['’]\p{L}/iu.test(word.text);
    const isParticle = FRENCH_PARTICLES.has(word.text.toLowerCase());
    if (isParticle) hasParticle = true;
    else if (isCapitalised(word.text) || elided || (hasParticle && end === undefined))
      end = word.end - (/[.]$/.test(word.text) ? 1 : 0);
    else break;
    if (elided) hasParticle = true;
    if (/[.]$/.test(word.text)) break;
    at = word.end;
  }
  if (end === undefined) return undefined;
  // `3 Place of …`, `2 Route …`: English as well.
  const isRue = /^(?:rue|boulevard|bd|chemin|impasse|allées?|quai|ruelle|avenue|av)\.?$/i.test(
    type.text,
  );
  return { start: number.start, end, needsEvidence: !isRue && !hasParticle, reason: 'number-rue' };
}

/** `Hauptstraße 5`, `Passauer Strasse 33`, `Via Roma 131`, `ul. Miła 57`: the number last. */
export function findNumberLast(text: string, number: HouseNumber): Street | undefined {
  const last = wordBefore(text, number.start, 2);
  if (last === undefined) return undefined;
  const ending = plain(last.text);
  const isCompound =
    ending.length > 5 &&
    !TRAILING_TYPES.has(ending) &&
    STREET_ENDINGS.test(ending) &&
    !NOT_STREETS.has(ending);
  if (isCompound && (isCapitalised(last.text) || /stra(?:ss|ß|a)[et]$/.test(ending))) {
    const before = wordBefore(text, last.start);
    const isLong = /^(?:alte[rs]?|neue[rs]?|große|grosse|kleine|obere|untere)$/i.test(
      before?.text ?? '',
    );
    const start = isLong && before !== undefined ? before.start : last.start;
    return {
      start,
      end: number.end,
      needsEvidence: /^.{0,5}tie$|(?:graben|singel|dijk|kade|platz)$/.test(ending),
      reason: 'street-ending',
    };
  }
  return findTypedNumberLast(text, number, last);
}

function findTypedNumberLast(text: string, number: HouseNumber, last: Word): Street | undefined {
  if (TRAILING_TYPES.has(plain(last.text))) {
    const name = wordBefore(text, last.start);
    if (
      name !== undefined &&
      isCapitalised(name.text) &&
      name.text.length > 2 &&
      !/[.]$/.test(name.text) &&
      !PARTICLES.has(plain(name.text))
    ) {
      const isShort = plain(last.text).length < 3;
      const first = wordBefore(text, name.start);
      const isName =
        first !== undefined && isCapitalised(first.text) && /^u|^ú|^tér|^kör|^rkp/.test(last.text);
      return {
        start: isName ? first.start : name.start,
        end: number.end,
        needsEvidence: isShort && !/^(?:u\.|út)$/.test(last.text),
        reason: 'name-type-number',
      };
    }
  }
  let word: Word | undefined = last;
  for (let words = 1; words <= MAX_NAME_WORDS; words++) {
    if (
      !isCapitalised(word.text) &&
      !PARTICLES.has(plain(word.text)) &&
      !(words === 1 && /^\p{Ll}{4,}$/u.test(word.text))
    )
      return undefined;
    const before: Word | undefined = wordBefore(text, word.start);
    if (before === undefined) return undefined;
    const type = plain(before.text);
    if (LEADING_TYPES.has(type) && (isCapitalised(before.text) || PLAIN_LEADING_TYPES.has(type))) {
      const isWeak =
        !PLAIN_LEADING_TYPES.has(type) &&
        !/^(?:c\/|praça|travessa|corso|vicolo|λεω|οδ|πλα)/.test(type) &&
        !/^Via$/.test(before.text);
      return {
        start: before.start,
        end: number.end,
        needsEvidence: isWeak && isYear(text, number),
        reason: 'type-name-number',
      };
    }
    word = before;
  }
  return undefined;
}

export function isYear(text: string, number: HouseNumber): boolean {
  return /^(?:1[89]|20)\d\d$/.test(text.slice(number.start, number.end));
}

/** `P.O. Box 287`, `Postfach 12 34`. */
export function findBox(text: string, number: HouseNumber): Street | undefined {
  const box = wordBefore(text, number.start, 2);
  if (box === undefined || !BOX_WORDS.has(plain(box.text))) return undefined;
  const kind = plain(box.text);
  if (kind === 'bp')
    return box.text === 'BP'
      ? { start: box.start, end: number.end, needsEvidence: true, reason: 'post-box' }
      : undefined;
  if (kind !== 'box')
    return { start: box.start, end: number.end, needsEvidence: false, reason: 'post-box' };
  const post =
    /(?:^|[^\p{L}\p{N}])(p\.? ?o\.?|post(?: office)?|(?:psc|unit|cmr) \d{1,5},?) $/iu.exec(
      text.slice(Math.max(0, box.start - 16), box.start),
    );
  if (post === null) return undefined;
  return {
    start: box.start - 1 - (post[1]?.length ?? 0),
    end: number.end,
    needsEvidence: false,
    reason: 'post-box',
  };
}
