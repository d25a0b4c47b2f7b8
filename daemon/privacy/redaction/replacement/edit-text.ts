import { RpcError } from '@locara/protocol/errors';
import { LIMITS } from '@locara/protocol/limits';
import type { Finding } from '../redaction-ops.ts';
import type { Replacer } from './create-replacer.ts';

/** Nothing longer fits an answer; more than this is not even built. */
const MAX_GROWTH_CHARS = LIMITS.maxMessageBytes;

/** What is to be replaced, and by what. */
export interface Edit {
  readonly findings: readonly Finding[];
  readonly replacer: Replacer;
  /** The part of the text that is wanted; all of it by default. What lies across its borders is replaced too. */
  readonly from?: number;
  readonly to?: number;
}

/**
 * The text with its findings, which are in order, replaced in one pass over the original offsets. Throws
 * PayloadTooLarge where replacements would make it megabytes longer.
 */
export function editText(text: string, { findings, replacer, from = 0, to }: Edit): string {
  const last = to ?? text.length;
  const pieces: string[] = [];
  let done = from;
  let growth = 0;
  for (const { entity, start: foundStart, end: foundEnd } of findings) {
    const start = Math.max(done, foundStart);
    const end = Math.min(last, foundEnd);
    if (start >= end) continue;
    const replacement = replacer(entity, text.slice(start, end));
    growth += replacement.length - (end - start);
    if (growth > MAX_GROWTH_CHARS) throw tooLong();
    pieces.push(text.slice(done, start), replacement);
    done = end;
  }
  pieces.push(text.slice(done, last));
  return pieces.join('');
}

function tooLong(): RpcError {
  return new RpcError('PayloadTooLarge', 'The replacements make the text too long.', {
    details: { limitBytes: MAX_GROWTH_CHARS },
  });
}
