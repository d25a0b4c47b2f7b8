import { isAlphanumericCode } from './characters.ts';

/** What stands right before `://`, and with what stands before a colon before that: `mysql` and `jdbc:mysql`. */
export interface Scheme {
  readonly start: number;
  readonly outerStart: number;
}

const MAX_CHARS = 33;

/** Wherever `://` is, which is rare, the runs of what schemes are made of before it. */
export function* listSchemes(text: string): Iterable<Scheme> {
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    const start = startOfRun(text, at);
    yield { start, outerStart: text[start - 1] === ':' ? startOfRun(text, start - 1) : start };
  }
}

function startOfRun(text: string, end: number): number {
  let start = end;
  while (end - start < MAX_CHARS && isSchemeCode(text.charCodeAt(start - 1))) start -= 1;
  return start;
}

function isSchemeCode(code: number): boolean {
  return isAlphanumericCode(code) || code === 43 || code === 45 || code === 46;
}
