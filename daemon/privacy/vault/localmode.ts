import { randomBytes } from 'node:crypto';
import type { EnvelopeV1 } from '@locara/protocol';
import { decryptAesGcm, encryptAesGcm, IV_BYTES, TAG_BYTES } from './aes-gcm.ts';
import { type PlainValue, toPlainBytes } from './plain-value.ts';
import { decodeBase64 } from './strict-base64.ts';

export const LOCALMODE_SALT_BYTES = 16;
/** What its `decrypt` uses when it is told nothing. */
export const LOCALMODE_ITERATIONS = 100_000;
/** An envelope does not say how many: these are tried in turn. */
export const PROBED_ITERATIONS: readonly number[] = [
  ...[LOCALMODE_ITERATIONS, 600_000, 210_000, 310_000, 250_000, 200_000, 120_000],
  ...[50_000, 10_000, 1000],
];

/** What LocalMode's middleware leaves in records: the key, and with it the salt, is kept elsewhere. */
export type MiddlewareValue =
  | { readonly ciphertext: string; readonly iv: string }
  /** Initialisation vector, ciphertext and tag, read as floats. */
  | { readonly vector: Float32Array };

/** An envelope that LocalMode's own `decrypt` opens; nothing but the key binds it. */
export function sealLocalMode(plain: PlainValue, key: Uint8Array, salt: string): EnvelopeV1 {
  const iv = randomBytes(IV_BYTES);
  const ciphertext = encryptAesGcm({ key, iv }, toPlainBytes(plain));
  return {
    ciphertext: ciphertext.toString('base64'),
    iv: iv.toString('base64'),
    salt,
    algorithm: 'AES-GCM',
    version: 1,
  };
}

/** The salt of an envelope; undefined for one that LocalMode does not write. */
export function readLocalModeSalt({ salt }: EnvelopeV1): Buffer | undefined {
  return decodeBase64(salt, LOCALMODE_SALT_BYTES);
}

/** Undefined when it does not open by this key. */
export function openLocalMode(value: MiddlewareValue, key: Uint8Array): Buffer | undefined {
  if ('vector' in value) {
    const { buffer, byteOffset, byteLength } = value.vector;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
    return decryptAesGcm({ key, iv: bytes.subarray(0, IV_BYTES) }, bytes.subarray(IV_BYTES));
  }
  const iv = decodeBase64(value.iv, IV_BYTES);
  const ciphertext = decodeBase64(value.ciphertext);
  if (iv === undefined || ciphertext === undefined) return undefined;
  return decryptAesGcm({ key, iv }, ciphertext);
}
