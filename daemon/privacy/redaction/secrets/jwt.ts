import type { Recognizer } from '../recognizer.ts';

/** The header is a JSON object in base64url: it starts with `{"`. Signed ones have three parts, encrypted ones five. */
const TOKEN =
  /(?<![\w.-])eyJ[\w-]{4,8192}\.[\w-]{4,16384}\.[\w-]{0,8192}(?:\.[\w-]{1,16384}\.[\w-]{1,8192})?/g;

export const JWT: Recognizer = {
  id: 'jwt',
  entities: ['JWT'],
  *scan({ text }) {
    for (const found of text.matchAll(TOKEN)) {
      yield {
        entity: 'JWT',
        start: found.index,
        end: found.index + found[0].length,
        score: 0.95,
        reason: 'jwt-header',
      };
    }
  },
};
