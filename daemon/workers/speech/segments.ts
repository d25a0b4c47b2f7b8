import type { Segment } from '@locara/protocol';
import type { VoiceChunk } from './voice-chunks.ts';

/** What the model heard, with times in milliseconds from the start of what it was given. */
export interface Heard {
  readonly text: string;
  readonly t0: number;
  readonly t1: number;
}

export type Word = NonNullable<Segment['words']>[number];

/** Written without spaces: each piece of text that the model emits stands for a word. */
const UNSPACED_LANGUAGES = new Set(['zh', 'yue', 'ja', 'th', 'lo', 'km', 'my', 'bo']);

/** Places what was heard of a chunk in the recording; empty text is dropped. */
export function toSegments(heard: readonly Heard[], chunk: VoiceChunk): Segment[] {
  return heard
    .filter(({ text }) => text.trim() !== '')
    .map((part) => ({ ...toTimes(part, chunk), text: part.text.trim() }));
}

/**
 * Words of a chunk heard token by token. The model gives no probabilities; `second` is the same
 * speech heard again, a little shifted: a word that came out both times has confidence 1, another 0.5.
 */
export function toWords(
  { first, second }: { readonly first: readonly Heard[]; readonly second: readonly Heard[] },
  { chunk, language }: { readonly chunk: VoiceChunk; readonly language: string },
): Word[] {
  const words = joinTokens(first, language);
  const confirmed = findCommon(
    words.map(({ text }) => fold(text)),
    joinTokens(second, language).map(({ text }) => fold(text)),
  );
  return words.map((word, i) => ({
    text: word.text,
    ...toTimes(word, chunk),
    confidence: confirmed.has(i) ? 1 : 0.5,
  }));
}

/** Tokens that do not begin with a space go on the word before. */
function joinTokens(tokens: readonly Heard[], language: string): Heard[] {
  const isSpaced = !UNSPACED_LANGUAGES.has(language);
  const words: Heard[] = [];
  for (const token of tokens) {
    const text = token.text.trim();
    if (text === '') continue;
    const previous = words.at(-1);
    if (isSpaced && previous !== undefined && !token.text.startsWith(' ')) {
      words[words.length - 1] = { ...previous, text: previous.text + text, t1: token.t1 };
    } else {
      words.push({ ...token, text });
    }
  }
  return words;
}

/** Gives each segment the words whose middle lies in it; the last one takes the rest. */
export function placeWords(segments: readonly Segment[], words: readonly Word[]): Segment[] {
  const placed = segments.map((segment) => ({ ...segment, words: [] as Word[] }));
  for (const word of words) {
    const middle = (word.startMs + word.endMs) / 2;
    const segment = placed.find(({ endMs }) => middle <= endMs) ?? placed.at(-1);
    segment?.words.push(word);
  }
  return placed;
}

export function joinText(segments: readonly Segment[]): string {
  return segments.map(({ text }) => text).join(' ');
}

function toTimes({ t0, t1 }: Heard, chunk: VoiceChunk): { startMs: number; endMs: number } {
  const clamp = (ms: number): number =>
    Math.max(chunk.speechStartMs, Math.min(chunk.speechEndMs, Math.round(chunk.startMs + ms)));
  return { startMs: clamp(t0), endMs: clamp(Math.max(t0, t1)) };
}

function fold(word: string): string {
  return word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** The positions in `words` of a longest common subsequence with `others`. */
function findCommon(words: readonly string[], others: readonly string[]): ReadonlySet<number> {
  const lengths = words.map(() => new Uint16Array(others.length + 1));
  lengths.push(new Uint16Array(others.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = words.length - 1; i >= 0; i -= 1) {
    const row = lengths[i];
    for (let j = others.length - 1; j >= 0 && row !== undefined; j -= 1) {
      row[j] = words[i] === others[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const shared = new Set<number>();
  for (let i = 0, j = 0; i < words.length && j < others.length;) {
    if (words[i] === others[j]) {
      shared.add(i);
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return shared;
}
