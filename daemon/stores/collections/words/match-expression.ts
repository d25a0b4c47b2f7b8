const MAX_TERMS = 256;

/** What FTS5 is asked for; undefined when there is nothing to look for. */
export interface MatchExpression {
  readonly expression: string;
  readonly terms: number;
}

/**
 * Any of the words may match, the rarer ones count more. Each is quoted, so that nothing a user types
 * is read as FTS5's query language; a word like `e-mail` matches its parts in sequence.
 */
export function toMatchExpression(words: string): MatchExpression | undefined {
  const distinct = new Set(
    words.split(/[\s\0]+/u).filter((word) => /[\p{L}\p{N}\p{Co}]/u.test(word)),
  );
  const terms = [...distinct].slice(0, MAX_TERMS);
  if (terms.length === 0) return undefined;
  const expression = terms.map((word) => `"${word.replaceAll('"', '""')}"`).join(' OR ');
  return { expression, terms: terms.length };
}
