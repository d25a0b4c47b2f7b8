import { runAtOnce } from './in-slices.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A text as recognizers read it, and the way back to the text as it was given. */
export interface NormalisedText {
  readonly text: string;
  /** The place in the original of what `start` to `end` is here. */
  readonly toOriginal: (start: number, end: number) => Span;
}

/** What reads like an ASCII character and is another, what cannot be seen at all, letters and digits with marks, digits of any script. */
const SPECIAL =
  /[A-Za-z0-9][\u0300-\u034e\u0350-\u036f]+|[\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u2013\u2024\u2028-\u202f\u205f-\u206f\u20e3\u2212\u3000\u3164\ufe00-\ufe0f\ufe52\ufe55\ufe58\ufe63\ufe6b\ufeff\uff01-\uff5e\uffa0]|[\u{1d400}-\u{1d7ff}]|[\u{e0000}-\u{e01ef}]|(?![0-9])\p{Nd}/gu;
const DIGIT = /^\p{Nd}$/u;
const HYPHENS = new Set(['\u2010', '\u2011', '\u2012', '\u2013', '\u2212', '\ufe58', '\ufe63']);
const SPACE = /^[\s\u1680\u3000]$/u;
const PLAIN: ReadonlyMap<string, string> = new Map([
  ['\u2024', '.'],
  ['\ufe52', '.'],
  ['\ufe55', ':'],
  ['\ufe6b', '@'],
]);
const FULL_WIDTH_OFFSET = 0xfee0;
/** Joined in less than a millisecond; then others may go first. */
const PIECES_A_PAUSE = 2048;

export function normaliseText(original: string): NormalisedText {
  return runAtOnce(normalise(original));
}

/**
 * Full-width and mathematical characters, digits of all scripts, exotic spaces, hyphens and dots become ASCII; letters
 * with marks become one character, and what is struck through or cannot be seen is read without that. A text that has
 * none of them is not copied. Pauses often.
 */
export function* normalise(original: string): Generator<undefined, NormalisedText> {
  let text = '';
  // Joined by the thousand: one long chain of so many would be joined at once, at its end.
  let pieces: string[] = [];
  let done = 0;
  let removed = 0;
  // From `places[i]` in the normalised text on, the original is `shifts[i]` further.
  const places: number[] = [0];
  const shifts: number[] = [0];
  const plains = new Map<string, string>();
  for (const { 0: special, index } of original.matchAll(SPECIAL)) {
    let plain = plains.get(special);
    if (plain === undefined) plains.set(special, (plain = plainOf(special)));
    pieces.push(original.slice(done, index), plain);
    done = index + special.length;
    if (plain.length !== special.length) {
      removed += special.length - plain.length;
      places.push(done - removed);
      shifts.push(removed);
    }
    if (pieces.length < PIECES_A_PAUSE) continue;
    text += pieces.join('');
    pieces = [];
    yield;
  }
  if (done === 0) return { text: original, toOriginal: (start, end) => ({ start, end }) };
  text += pieces.join('') + original.slice(done);
  const back = (at: number): number => at + shiftAt(places, shifts, at);
  return {
    text,
    toOriginal: (start, end) => {
      const last = end > start ? back(end - 1) : back(start);
      // One character here may have been two units there.
      const isPair =
        end > start && (original.codePointAt(last) ?? 0) > 0xffff && !isPairIn(text, end);
      return { start: back(start), end: end > start ? last + (isPair ? 2 : 1) : last };
    },
  };
}

function isPairIn(text: string, end: number): boolean {
  return (text.codePointAt(end - 1) ?? 0) > 0xffff;
}

function shiftAt(places: readonly number[], shifts: readonly number[], at: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return shifts[low - 1] ?? 0;
}

function plainOf(special: string): string {
  const known = PLAIN.get(special);
  if (known !== undefined) return known;
  if (HYPHENS.has(special)) return '-';
  const code = special.codePointAt(0) ?? 0;
  // Marks that no character has are left out.
  if (code < 128) return special.normalize('NFC').charAt(0);
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - FULL_WIDTH_OFFSET);
  if (DIGIT.test(special)) return String(digitValue(code));
  if (code >= 0x1d400 && code <= 0x1d7ff) return special.normalize('NFKC');
  if (code === 0x2028 || code === 0x2029) return '\n';
  return SPACE.test(special) && code !== 0xfeff ? ' ' : '';
}

/** Digits of a script stand in a row of ten; rows of mathematical digits follow each other without a gap. */
function digitValue(code: number): number {
  if (code >= 0x1d7ce && code <= 0x1d7ff) return (code - 0x1d7ce) % 10;
  let zero = code;
  while (code - zero < 9 && DIGIT.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return code - zero;
}
