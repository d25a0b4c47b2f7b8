import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../cancelled.ts';
import type { Token } from '../token.ts';

/** Tokenized between two pauses: a few milliseconds of work. */
const SLICE_BYTES = 16_384;
/** A short text costs more than its bytes. */
const MIN_TEXT_BYTES = 2048;

/**
 * Tokenizing is synchronous: without a pause neither a cancel nor another call would be heard. Of a text longer than
 * a slice, the cut is at white space where there is some. Throws Cancelled.
 */
export interface SlicedTokenizer {
  /** All tokens of a text, or at least `maxTokens` of its beginning. */
  tokenize(text: string, maxTokens?: number): Promise<Token[]>;
}

export function createSlicedTokenizer(
  tokenize: (text: string) => readonly Token[],
  signal: AbortSignal,
): SlicedTokenizer {
  let spentBytes = 0;
  const breathe = async (): Promise<void> => {
    throwIfCancelled(signal);
    if (spentBytes < SLICE_BYTES) return;
    spentBytes = 0;
    await setImmediate();
    throwIfCancelled(signal);
  };
  return {
    tokenize: async (text, maxTokens = Infinity) => {
      const tokens: Token[] = [];
      for (let from = 0; from < text.length && tokens.length < maxTokens;) {
        await breathe();
        const end = endOfSlice(text, from);
        const slice = text.slice(from, end);
        for (const token of tokenize(slice)) tokens.push(token);
        spentBytes += Math.max(Buffer.byteLength(slice), MIN_TEXT_BYTES);
        // The space between two words: most vocabularies put one before each slice of their own.
        from = text[end] === ' ' ? end + 1 : end;
      }
      return tokens;
    },
  };
}

function endOfSlice(text: string, from: number): number {
  let size = SLICE_BYTES;
  while (Buffer.byteLength(text.slice(from, from + size)) > SLICE_BYTES) size >>= 1;
  const end = from + size;
  if (end >= text.length) return text.length;
  const slice = text.slice(from, end + 1);
  const space = Math.max(slice.lastIndexOf(' '), slice.lastIndexOf('\n'));
  if (space > 0) return from + space;
  // Never between the two halves of a character.
  return isLowSurrogate(text.charCodeAt(end)) ? end - 1 : end;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
