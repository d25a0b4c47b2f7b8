import { RE2JS } from 're2js';
import { RpcError } from '@locara/protocol/errors';
import type { Candidate } from './recognizer.ts';
import type { CustomPattern } from './redaction-ops.ts';

/** Instructions: each costs up to some 30 ns for each character. */
const MAX_PROGRAM_SIZE = 512;
/** Compiling a class of Unicode takes up to 1 ms, so it counts as one. */
const MAX_CLASS_COST = 32;
const UNICODE_CLASS = /\\[pP]/g;
/** Without regard to case, each character of a range is looked up: up to 20 ms. */
const WIDE_RANGE = /-(?:\\x\{|[^\0-\x7f])/gu;
const WIDE_RANGE_COST = 8;
const IGNORES_CASE = /\(\?[A-Za-z]*i/;
export const MAX_CUSTOM_MATCH_CHARS = 2048;
/** Searched at once; with the largest program this takes some 50 ms. */
const WINDOW_CHARS = 4096;
/** For one pattern in one text. */
const MAX_SEARCH_MS = 5000;
const FLAGS: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
};

export interface CustomSearch {
  readonly name: string;
  /** Pauses (`undefined`) after each window. Throws Timeout where the pattern takes longer than it may. */
  readonly search: (text: string) => Iterable<Candidate | undefined>;
}

/** Throws InvalidParams (`rule: custom_pattern`) for what is no RE2 expression, or too large a one. */
export function compileCustomPattern(pattern: CustomPattern): CustomSearch {
  const compiled = compile(pattern);
  return { name: pattern.name, search: (text) => searchWindows(compiled, pattern, text) };
}

function compile({ name, pattern, flags = '' }: CustomPattern): RE2JS {
  if (classCostOf(pattern, flags) > MAX_CLASS_COST) {
    throw refusal(name, `The pattern ${name} has too many classes of characters: use fewer.`);
  }
  const bits = Array.from(flags).reduce((all, flag) => all | (FLAGS[flag] ?? 0), 0);
  let compiled;
  try {
    compiled = RE2JS.compile(pattern, bits);
  } catch {
    throw refusal(name, `The pattern ${name} is not in the syntax of RE2.`);
  }
  if (compiled.programSize() > MAX_PROGRAM_SIZE) {
    throw refusal(name, `The pattern ${name} is too large: use smaller repeat counts.`);
  }
  return compiled;
}

function classCostOf(pattern: string, flags: string): number {
  const classes = pattern.match(UNICODE_CLASS)?.length ?? 0;
  if (!flags.includes('i') && !IGNORES_CASE.test(pattern)) return classes;
  return classes + WIDE_RANGE_COST * (pattern.match(WIDE_RANGE)?.length ?? 0);
}

function refusal(name: string, message: string): RpcError {
  return new RpcError('InvalidParams', message, {
    details: { rule: 'custom_pattern', pattern: name },
  });
}

/**
 * Looks window by window, each long enough for a match that begins in it. One that is longer than a match may be is
 * cut, and the search goes on behind the cut.
 */
function* searchWindows(
  compiled: RE2JS,
  { name, score }: CustomPattern,
  text: string,
): Iterable<Candidate | undefined> {
  const startedMs = performance.now();
  const assertInTime = (): void => {
    if (performance.now() - startedMs > MAX_SEARCH_MS) throw tooSlow(name);
  };
  let from = 0;
  while (from < text.length) {
    const to = from + WINDOW_CHARS;
    // The character before, so that `^` and `\b` mean what they mean in the whole text.
    const margin = from === 0 ? 0 : 1;
    const window = text.slice(from - margin, to + MAX_CUSTOM_MATCH_CHARS + 1);
    const matcher = compiled.matcher(window);
    let next = to;
    for (let at = margin; at <= window.length && matcher.find(at);) {
      const start = matcher.start() + from - margin;
      if (start >= to) break;
      const length = cutMatch(text, start, matcher.end() - matcher.start());
      at = start - from + margin + Math.max(1, length);
      assertInTime();
      if (length === 0) continue;
      yield { entity: name, start, end: start + length, score, reason: 'custom' };
      next = Math.max(next, start + length);
    }
    assertInTime();
    yield undefined;
    from = next;
  }
}

/** How much of a match counts; never half a character. */
function cutMatch(text: string, start: number, length: number): number {
  if (length <= MAX_CUSTOM_MATCH_CHARS) return length;
  const isInPair = (text.codePointAt(start + MAX_CUSTOM_MATCH_CHARS - 1) ?? 0) > 0xffff;
  return MAX_CUSTOM_MATCH_CHARS - (isInPair ? 1 : 0);
}

function tooSlow(name: string): RpcError {
  return new RpcError('Timeout', `The pattern ${name} takes too long for so long a text.`, {
    details: { rule: 'custom_pattern', pattern: name },
  });
}
