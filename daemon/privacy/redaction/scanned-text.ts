import { isDigitAt } from './characters.ts';
import type { ScannedText } from './recognizer.ts';

const CONTEXT_CHARS = 80;
const BLOCK_CHARS = 1024;
const WORD = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}]+)*/gu;
const WORD_CHARACTER = /[\p{L}\p{N}\p{M}]/u;
/** Where a word begins within a name of a program: `phoneNumber`. */
const HUMP = /(?<=[a-z\d])(?=[A-Z])/;
/** Scripts that write no spaces, or tie particles to words: Thai, Hangul, Kana, Han. */
const UNSPACED = /[\u0e00-\u0e7f\u1100-\u11ff\u2e80-\uffef]/u;

interface Word {
  readonly start: number;
  readonly lower: string;
  /** Of the first part of a name: all of it. */
  readonly whole?: string;
}

/** Where something wanted begins, and where it is told. */
interface Occurrence {
  readonly start: number;
  readonly end: number;
}

const NOWHERE: Occurrence = { start: Infinity, end: Infinity };

interface Wanted {
  readonly occurrences: Map<number, readonly Occurrence[]>;
  readonly words: ReadonlySet<string>;
  /** By their first word, the words that follow it. */
  readonly phrases: ReadonlyMap<string, readonly (readonly string[])[]>;
  readonly unspaced: readonly string[];
  /** Whether any of them begins with a digit: seldom, while many texts are full of numbers. */
  readonly hasNumbers: boolean;
}

/** Splits into words only those blocks that something was found behind, and each once: linear, whatever is asked. */
export function createScannedText(text: string): ScannedText {
  const blocks = new Map<number, readonly Word[]>();
  const wantedOf = new WeakMap<ReadonlySet<string>, Wanted>();
  let hasUnspaced: boolean | undefined;
  const wordsOf = (block: number): readonly Word[] => {
    let words = blocks.get(block);
    if (words === undefined) blocks.set(block, (words = splitBlock(text, block)));
    return words;
  };
  return {
    text,
    hasWordBefore: (start, words, chars = CONTEXT_CHARS) => {
      let wanted = wantedOf.get(words);
      if (wanted === undefined) wantedOf.set(words, (wanted = prepareWords(words)));
      const from = Math.max(0, start - chars);
      hasUnspaced ??= UNSPACED.test(text);
      if (hasUnspaced && hasAny(text.slice(from, start), wanted.unspaced)) return true;
      const { occurrences } = wanted;
      const occurrencesOf = (block: number): readonly Occurrence[] => {
        let found = occurrences.get(block);
        if (found === undefined) {
          occurrences.set(block, (found = findWanted(wordsOf, block, wanted)));
        }
        return found;
      };
      return hasWanted(occurrencesOf, { from, to: start });
    },
  };
}

/** The words that begin in a block. */
function splitBlock(text: string, block: number): readonly Word[] {
  const from = block * BLOCK_CHARS;
  const to = from + BLOCK_CHARS;
  const words: Word[] = [];
  // A little of the next block belongs to it, for the word on the edge; what is longer is no word.
  const piece = text.slice(from, to + 64);
  for (const match of piece.matchAll(WORD)) {
    if (match.index >= BLOCK_CHARS) break;
    if (match.index === 0 && from > 0 && WORD_CHARACTER.test(text.charAt(from - 1))) continue;
    words.push(...splitName(match[0], from + match.index));
  }
  return words;
}

/** `phoneNumber` is two words, and also the one that it is. */
function splitName(name: string, start: number): readonly Word[] {
  const lower = name.toLowerCase();
  if (lower === name || !HUMP.test(name)) return [{ start, lower }];
  const words: Word[] = [];
  let at = start;
  for (const part of name.split(HUMP)) {
    words.push({ start: at, lower: part.toLowerCase() });
    at += part.length;
  }
  return words.map((word, place) => (place === 0 ? { ...word, whole: lower } : word));
}

/** Among texts full of findings the same words are asked for again and again: each block is looked through once. */
function hasWanted(
  occurrencesOf: (block: number) => readonly Occurrence[],
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  const last = Math.floor(to / BLOCK_CHARS);
  for (let block = Math.floor(from / BLOCK_CHARS); block <= last; block += 1) {
    const occurrences = occurrencesOf(block);
    for (let at = firstFrom(occurrences, from); at < occurrences.length; at += 1) {
      const { start, end } = occurrences[at] ?? NOWHERE;
      if (start > to) break;
      if (end <= to) return true;
    }
  }
  return false;
}

/** The wanted words and phrases that begin in a block. */
function findWanted(
  wordsOf: (block: number) => readonly Word[],
  block: number,
  wanted: Wanted,
): readonly Occurrence[] {
  const words = wordsOf(block);
  const found: Occurrence[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined || (!wanted.hasNumbers && isDigitAt(word.lower, 0))) continue;
    const { start, lower, whole } = word;
    const end = start + lower.length;
    if (wanted.words.has(lower) || (whole !== undefined && wanted.words.has(whole))) {
      found.push({ start, end });
      continue;
    }
    const wordAt = (place: number): Word | undefined =>
      words[place] ?? wordsOf(block + 1)[place - words.length];
    for (const rest of wanted.phrases.get(lower) ?? []) {
      if (!rest.every((part, place) => wordAt(at + 1 + place)?.lower === part)) continue;
      // Of its last word, the beginning is enough.
      const lastStart = wordAt(at + rest.length)?.start ?? start;
      found.push({ start, end: Math.max(end, lastStart + 1) });
    }
  }
  return found;
}

function firstFrom(words: readonly { readonly start: number }[], from: number): number {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle]?.start ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hasAny(text: string, parts: readonly string[]): boolean {
  return parts.some((part) => text.includes(part));
}

function prepareWords(given: ReadonlySet<string>): Wanted {
  const words = new Set<string>();
  const phrases = new Map<string, string[][]>();
  for (const [first = '', ...rest] of [...given].map((wanted) => wanted.match(WORD) ?? [])) {
    if (rest.length === 0) words.add(first);
    else phrases.set(first, [...(phrases.get(first) ?? []), rest]);
  }
  return {
    occurrences: new Map(),
    words,
    phrases,
    unspaced: [...given].filter((word) => UNSPACED.test(word)),
    hasNumbers: [...given].some((word) => isDigitAt(word, 0)),
  };
}
