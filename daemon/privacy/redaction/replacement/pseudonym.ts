import { createHmac } from 'node:crypto';
import { labelOf } from './entity-labels.ts';
import { normaliseValue } from './normalise-value.ts';

export const PSEUDONYM_KEY_BYTES = 32;
/** 80 bits: two of a million million values share one with a chance below one half. */
const PSEUDONYM_BYTES = 10;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const BITS_PER_LETTER = 5n;

/** `EMAIL_k5w2…`: the same for the same value and key, and without the key nobody can try values out. */
export function pseudonymOf(key: Uint8Array, entity: string, value: string): string {
  const label = labelOf(entity);
  const digest = createHmac('sha256', key)
    .update(`${entity}|${normaliseValue(label, value)}`)
    .digest();
  return `${label}_${toBase32(digest.subarray(0, PSEUDONYM_BYTES))}`;
}

function toBase32(bytes: Buffer): string {
  let number = BigInt(`0x${bytes.toString('hex')}`);
  let letters = '';
  for (let at = 0; at < (bytes.length * 8) / Number(BITS_PER_LETTER); at++) {
    letters = BASE32.charAt(Number(number & 31n)) + letters;
    number >>= BITS_PER_LETTER;
  }
  return letters;
}
