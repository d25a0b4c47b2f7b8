import { randomBytes } from 'node:crypto';
import type { Snippet } from './word-index.ts';

const MAX_CHARACTERS = 600;
const ELLIPSIS = '…';

/** What a text is marked with on its way here: nobody can have written it into one. */
export interface SnippetMarks {
  readonly open: string;
  readonly close: string;
  /** A text with these marks as a snippet. */
  read(marked: string): Snippet;
}

export function createSnippetMarks(): SnippetMarks {
  const secret = randomBytes(12).toString('hex');
  const open = `\u0002${secret}[`;
  const close = `\u0002${secret}]`;
  return {
    open,
    close,
    read: (marked) => {
      const marks: { start: number; end: number }[] = [];
      let text = '';
      for (const part of marked.split(open)) {
        // What stands before the first mark has no end of one.
        const [word = '', rest] = part.split(close);
        if (rest !== undefined) marks.push({ start: text.length, end: text.length + word.length });
        text += word + (rest ?? '');
      }
      return shorten({ text, marks });
    },
  };
}

/** The beginning of a text in which no word was found. */
export function toOpening(text: string): Snippet {
  return shorten({ text, marks: [] });
}

/** One word may be a megabyte long. */
function shorten({ text, marks }: Snippet): Snippet {
  if (text.length <= MAX_CHARACTERS) return { text, marks };
  // Not within a character of two units.
  const cut = text.slice(0, MAX_CHARACTERS).replace(/[\ud800-\udbff]$/, '');
  return {
    text: cut + ELLIPSIS,
    marks: marks
      .filter(({ start }) => start < cut.length)
      .map(({ start, end }) => ({ start, end: Math.min(end, cut.length) })),
  };
}
