import type { Candidate } from '../recognizer.ts';
import { isCapitalised, SPACE, wordAfter } from './words.ts';

const CORNER = /(?<![\p{L}\p{N}])corner of /giu;

/** `the corner of Oak Street and 5th Avenue`. */
export function* findCorners(text: string): Iterable<Candidate> {
  for (const found of text.matchAll(CORNER)) {
    let end = found.index + found[0].length;
    const from = end;
    let hasAnd = false;
    for (let words = 0; words < 10; words++) {
      const word = wordAfter(text, end, SPACE);
      if (word === undefined) break;
      const isJoin = /^(?:and|und|&|et|y|e)$/.test(word.text);
      if (!isJoin && !isCapitalised(word.text) && !/^(?:\d|ul\.|str$)/.test(word.text)) break;
      hasAnd ||= isJoin;
      end = word.end;
      if (/\p{Ll}{3}\.$/u.test(word.text)) break;
    }
    if (hasAnd && end > from) {
      yield {
        entity: 'STREET_ADDRESS',
        start: found.index,
        end,
        score: 0.6,
        reason: 'street-corner',
      };
    }
  }
}
