import type { ScannedText } from './recognizer.ts';

const CONTEXT_CHARS = 80;
const BLOCK_CHARS = 1024;
const WORD = /[\p{L}\p{N}\p{M}_]+(?:['’][\p{L}\p{N}]+)*/gu;
/** Scripts that write no spaces, or tie particles to words: Thai, Hangul, Kana, Han. */
const UNSPACED = /[\u0e00-\u0e7f\u1100-\u11ff\u2e80-\uffef]/u;

interface Word {
  readonly start: number;
  readonly lower: string;
}

interface Wanted {
  readonly words: ReadonlySet<string>;
  readonly mostWords: number;
  readonly unspaced: readonly string[];
}

/** Splits into words only those blocks that something was found behind, and each once: linear, whatever is asked. */
export function createScannedText(text: string): ScannedText {
  const blocks = new Map<number, readonly Word[]>();
  const wantedOf = new WeakMap<ReadonlySet<string>, Wanted>();
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
      if (wanted.unspaced.length > 0 && hasAny(text.slice(from, start), wanted.unspaced))
        return true;
      return hasWanted(listWords(wordsOf, from, start), wanted);
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
    words.push({ start: from + match.index, lower: match[0].toLowerCase() });
  }
  return words;
}

function listWords(
  wordsOf: (block: number) => readonly Word[],
  from: number,
  to: number,
): readonly Word[] {
  const found: Word[] = [];
  const last = Math.floor(to / BLOCK_CHARS);
  for (let block = Math.floor(from / BLOCK_CHARS); block <= last; block += 1) {
    const words = wordsOf(block);
    for (let at = firstFrom(words, from); at < words.length; at += 1) {
      const word = words[at];
      if (word === undefined || word.start + word.lower.length > to) break;
      found.push(word);
    }
  }
  return found;
}

function firstFrom(words: readonly Word[], from: number): number {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle]?.start ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hasWanted(found: readonly Word[], { words, mostWords }: Wanted): boolean {
  if (found.some((word) => words.has(word.lower))) return true;
  for (let length = 2; length <= mostWords; length += 1) {
    for (let at = 0; at + length <= found.length; at += 1) {
      const phrase = found.slice(at, at + length).map((word) => word.lower);
      if (words.has(phrase.join(' '))) return true;
    }
  }
  return false;
}

function hasAny(text: string, parts: readonly string[]): boolean {
  return parts.some((part) => text.includes(part));
}

function prepareWords(given: ReadonlySet<string>): Wanted {
  const split = [...given].map((word) => word.match(WORD) ?? []);
  return {
    words: new Set(split.map((parts) => parts.join(' '))),
    mostWords: Math.max(1, ...split.map((parts) => parts.length)),
    unspaced: [...given].filter((word) => UNSPACED.test(word)),
  };
}
