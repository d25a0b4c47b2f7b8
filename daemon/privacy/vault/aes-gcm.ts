import { createCipheriv, createDecipheriv } from 'node:crypto';

export const IV_BYTES = 12;
export const TAG_BYTES = 16;

export interface Aes256Gcm {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly aad?: Uint8Array | undefined;
}

/** The ciphertext with its tag at the end, as WebCrypto has it. */
export function encryptAesGcm(how: Aes256Gcm, plain: Uint8Array): Buffer {
  return Buffer.concat(encryptInParts(how, plain));
}

/** The same as its two parts: joining them would be a copy of everything. */
export function encryptInParts(
  { key, iv, aad }: Aes256Gcm,
  plain: Uint8Array,
): [ciphertext: Buffer, tag: Buffer] {
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  if (aad !== undefined) cipher.setAAD(aad);
  const ciphertext = cipher.update(plain);
  cipher.final();
  return [ciphertext, cipher.getAuthTag()];
}

/** Undefined when it is not authentic: nothing of it is let out then. */
export function decryptAesGcm(
  { key, iv, aad }: Aes256Gcm,
  ciphertext: Uint8Array,
): Buffer | undefined {
  const length = ciphertext.length - TAG_BYTES;
  if (length < 0) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  if (aad !== undefined) decipher.setAAD(aad);
  decipher.setAuthTag(ciphertext.subarray(length));
  const plain = decipher.update(ciphertext.subarray(0, length));
  try {
    decipher.final();
    return plain;
  } catch {
    plain.fill(0);
    return undefined;
  }
}
