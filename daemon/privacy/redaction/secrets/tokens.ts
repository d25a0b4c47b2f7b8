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

function* findTokens(text: string, kind: Searched): Iterable<Candidate> {
  for (let at = text.indexOf(kind.prefix); at !== -1; at = text.indexOf(kind.prefix, at + 1)) {
    if (at > 0 && /[\w-]/.test(text.charAt(at - 1))) continue;
    kind.shape.lastIndex = at + kind.prefix.length;
    const rest = kind.shape.exec(text)?.[0];
    if (rest === undefined || !looksRandom(rest)) continue;
    yield {
      entity: kind.entity,
      start: at,
      end: at + kind.prefix.length + rest.length,
      score: 0.95,
      reason: kind.id,
    };
  }
}

/** Keys whose first letters name the service that gave them. */
export const TOKENS: Recognizer = {
  id: 'tokens',
  entities: ['API_KEY', 'CREDENTIAL'],
  *scan({ text }) {
    for (const kind of SEARCHED) yield* findTokens(text, kind);
  },
};
