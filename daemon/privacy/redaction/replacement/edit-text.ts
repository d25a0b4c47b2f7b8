import type { Finding } from '../redaction-ops.ts';
import type { Replacer } from './create-replacer.ts';

/** What is to be replaced, and by what. */
export interface Edit {
  readonly findings: readonly Finding[];
  readonly replacer: Replacer;
  /** The part of the text that is wanted; all of it by default. What lies across its borders is replaced too. */
  readonly from?: number;
  readonly to?: number;
}

/** The text with its findings, which are in order, replaced in one pass over the original offsets. */
export function editText(text: string, { findings, replacer, from = 0, to }: Edit): string {
  const last = to ?? text.length;
  const pieces: string[] = [];
  let done = from;
  for (const { entity, start: foundStart, end: foundEnd } of findings) {
    const start = Math.max(done, foundStart);
    const end = Math.min(last, foundEnd);
    if (start >= end) continue;
    pieces.push(text.slice(done, start), replacer(entity, text.slice(start, end)));
    done = end;
  }
  pieces.push(text.slice(done, last));
  return pieces.join('');
}
