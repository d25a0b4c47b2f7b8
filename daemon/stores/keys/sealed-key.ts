import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as z from 'zod';

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key of 32 bytes, wrapped by another with AES-256-GCM. */
export const SealedKey = z.strictObject({
  nonce: z.base64(),
  ciphertext: z.base64(),
  tag: z.base64(),
});
export type SealedKey = z.output<typeof SealedKey>;

/** `purpose` is authenticated with it: a wrapped key that is moved to another place does not unwrap. */
export function sealKey(key: Uint8Array, by: Uint8Array, purpose: string): SealedKey {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', by, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(purpose));
  const ciphertext = Buffer.concat([cipher.update(key), cipher.final()]);
  return {
    nonce: nonce.toString('base64'),
    ciphertext: ciphertext.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
}

/** Undefined when it does not unwrap: which part did not fit is of no use to anyone but an attacker. */
export function unsealKey(
  { nonce, ciphertext, tag }: SealedKey,
  by: Uint8Array,
  purpose: string,
): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', by, Buffer.from(nonce, 'base64'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(purpose));
    decipher.setAuthTag(Buffer.from(tag, 'base64'));
    const key = Buffer.concat([
      decipher.update(Buffer.from(ciphertext, 'base64')),
      decipher.final(),
    ]);
    return key.length === KEY_BYTES ? key : undefined;
  } catch {
    return undefined;
  }
}
