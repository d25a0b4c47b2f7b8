import type { Candidate, Recognizer } from '../recognizer.ts';

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
/** Up to the end line, or as far as a key goes that was cut off. */
const REST = /(?:[^-]|-(?!----)){0,32768}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/y;
/** What a key that was cut off may have: base64 in lines, escaped or not, and headers. */
const BODY = /(?:[A-Za-z0-9+/=\s\\:,]|-(?!----)){0,32768}/y;

const PUTTY =
  /PuTTY-User-Key-File-[23]: (?:[^P]|P(?!uTTY-User-Key-File|rivate-MAC)){0,8192}Private-MAC: [0-9a-f]{40,64}/g;

function endOfKey(text: string, from: number): number {
  REST.lastIndex = from;
  const rest = REST.exec(text)?.[0] ?? '';
  if (rest.endsWith('-----')) return from + rest.length;
  BODY.lastIndex = from;
  return from + (BODY.exec(text)?.[0] ?? '').trimEnd().length;
}

function* findPem(text: string): Iterable<Candidate> {
  let end = 0;
  for (const found of text.matchAll(BEGIN)) {
    if (found.index < end) continue;
    end = endOfKey(text, found.index + found[0].length);
    yield { entity: 'PRIVATE_KEY', start: found.index, end, score: 1, reason: 'pem-private-key' };
  }
}

/** Private keys as PEM (PKCS#8, RSA, EC, OpenSSH, PGP), whole or cut off, and PuTTY's. */
export const PRIVATE_KEYS: Recognizer = {
  id: 'private-keys',
  entities: ['PRIVATE_KEY'],
  *scan({ text }) {
    yield* findPem(text);
    for (const found of text.matchAll(PUTTY)) {
      yield {
        entity: 'PRIVATE_KEY',
        start: found.index,
        end: found.index + found[0].length,
        score: 1,
        reason: 'putty-private-key',
      };
    }
  },
};
