import * as z from 'zod';

/**
 * A passphrase as it is typed: a text on the wire. In the daemon it is bytes, taken from the message before any
 * text is made of it, and erased after the call; a text only where its key was spelt with escapes.
 */
export function passphraseOf({ min, max }: { readonly min: number; readonly max: number }) {
  const rule = min === 0 ? `at most ${max} characters` : `${min} to ${max} characters`;
  const shape: z.ZodType<string | Uint8Array, string> = z.custom<string>((value) => {
    const characters = countCharacters(value);
    return characters >= min && characters <= max;
  }, `well-formed text of ${rule}`);
  return shape.meta({ type: 'string', ...(min === 0 ? {} : { minLength: min }), maxLength: max });
}

/** Of Unicode; NaN for what is no text. */
function countCharacters(value: unknown): number {
  if (typeof value === 'string') return value.isWellFormed() ? Array.from(value).length : NaN;
  if (!(value instanceof Uint8Array)) return NaN;
  // The bytes come of well-formed UTF-8: each character has one that continues no other.
  return value.reduce((count, byte) => count + ((byte & 0xc0) === 0x80 ? 0 : 1), 0);
}
