import { toOpening } from './snippets.ts';
import type { Snippet } from './word-index.ts';

/** FTS5 takes a time that grows with the square of how often a word occurs: longer texts are cut here. */
export const LONG_TEXT_CHARACTERS = 16_384;

const MAX_WORDS = 64;
const BEFORE_CHARACTERS = 60;
const PASSAGE_CHARACTERS = 300;

/** Cuts the passage around the first word of the query out of a long text: as it is written, whatever its case. */
export function createPassageCutter(query: string): (text: string) => Snippet {
  const words = [...new Set(query.match(/[\p{L}\p{N}]+/gu))].slice(0, MAX_WORDS);
  if (words.length === 0) return toOpening;
  const pattern = `(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`;
  return (text) => {
    const first = new RegExp(pattern, 'iu').exec(text);
    if (first === null) return toOpening(text);
    const from = Math.max(0, first.index - BEFORE_CHARACTERS);
    const to = Math.min(text.length, from + PASSAGE_CHARACTERS);
    // Not within a character of two units.
    const passage = text
      .slice(from, to)
      .replace(/^[\udc00-\udfff]/, '')
      .replace(/[\ud800-\udbff]$/, '');
    const start = from === 0 ? '' : '…';
    return {
      text: `${start}${passage}${to === text.length ? '' : '…'}`,
      marks: Array.from(passage.matchAll(new RegExp(pattern, 'giu')), ({ index, 0: word }) => ({
        start: start.length + index,
        end: start.length + index + word.length,
      })),
    };
  };
}
