import { isAlphanumericCode } from '../characters.ts';
import type { Candidate, Recognizer } from '../recognizer.ts';
import { TOKEN_KINDS, type TokenKind } from './token-kinds.ts';

interface Searched extends TokenKind {
  readonly shape: RegExp;
}

const SEARCHED: readonly Searched[] = TOKEN_KINDS.map((kind) => ({
  ...kind,
  shape: new RegExp(`${kind.rest}(?![A-Za-z0-9])`, 'y'),
}));

/** Words with hyphens (`sk-learn-is-a-library-name`) have the shape of some tokens, but no digit and no capital. */
function looksRandom(token: string): boolean {
  return /\d/.test(token) || (/[A-Z]/.test(token) && /[a-z]/.test(token));
}

/** The kinds by their first two characters, so that one pass finds all of them. */
const BY_FIRST_TWO: ReadonlyMap<number, readonly Searched[]> = Map.groupBy(SEARCHED, ({ prefix }) =>
  pairAt(prefix, 0),
);
const PAUSE_CHARS = 16_384;

function pairAt(text: string, at: number): number {
  return text.charCodeAt(at) * 0x10000 + text.charCodeAt(at + 1);
}

/** Of a letter or digit of ASCII, `_` or `-`: no token begins behind one. */
function goesOn(code: number): boolean {
  return isAlphanumericCode(code) || code === 95 || code === 45;
}

/** Where a word begins, before `to`, as some token does; else `to`. */
function findBeginning(text: string, from: number, to: number): number {
  let isInside = goesOn(text.charCodeAt(from - 1));
  for (let at = from; at < to; at += 1) {
    const isBeginning = !isInside;
    isInside = goesOn(text.charCodeAt(at));
    if (isBeginning && isInside && BY_FIRST_TWO.has(pairAt(text, at))) return at;
  }
  return to;
}

function* findTokens(text: string): Iterable<Candidate | undefined> {
  for (let from = 0; from < text.length; from += PAUSE_CHARS) {
    const to = Math.min(text.length, from + PAUSE_CHARS);
    for (let at = findBeginning(text, from, to); at < to; at = findBeginning(text, at + 1, to)) {
      for (const kind of BY_FIRST_TWO.get(pairAt(text, at)) ?? []) {
        const found = text.startsWith(kind.prefix, at) ? readToken(text, at, kind) : undefined;
        if (found !== undefined) yield found;
      }
    }
    yield undefined;
  }
}

function readToken(text: string, start: number, kind: Searched): Candidate | undefined {
  const restStart = start + kind.prefix.length;
  kind.shape.lastIndex = restStart;
  const rest = kind.shape.exec(text)?.[0];
  if (rest === undefined || !looksRandom(rest)) return undefined;
  return {
    entity: kind.entity,
    start,
    end: restStart + rest.length,
    score: 0.95,
    reason: kind.id,
  };
}

/** Keys whose first letters name the service that gave them. */
export const TOKENS: Recognizer = {
  id: 'tokens',
  entities: ['API_KEY', 'CREDENTIAL'],
  scan: ({ text }) => findTokens(text),
};
