import { hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Argon2Parameters } from '@locara/protocol';
import { derivePassphraseKey, makeSalt } from '../../../stores/keys/passphrase.ts';
import { KEY_BYTES, type SealedKey, sealKey, unsealKey } from '../../../stores/keys/sealed-key.ts';

/** A key of 32 bytes that a passphrase opens. */
export interface WrappedKey {
  readonly kdf: Argon2Parameters;
  readonly salt: string;
  readonly commitment: string;
  readonly sealed: SealedKey;
}

/** Which key of whom it is: a wrapped key that is moved to another place does not open. */
export interface KeyPlace {
  readonly appId: string;
  readonly keyId: string;
}

export function makeKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** Eight random bytes, as text. */
export function makeKeyId(): string {
  return randomBytes(8).toString('base64url');
}

export async function wrapKey(
  key: Uint8Array,
  passphrase: Uint8Array,
  { kdf, ...place }: KeyPlace & { readonly kdf: Argon2Parameters },
): Promise<WrappedKey> {
  const salt = makeSalt();
  const { wrapping, commitment } = await deriveWrapping(passphrase, { kdf, salt });
  try {
    return {
      kdf,
      salt: salt.toString('base64'),
      commitment: commitment.toString('base64'),
      sealed: sealKey(key, wrapping, purposeOf(place)),
    };
  } finally {
    wrapping.fill(0);
  }
}

/** Undefined by a wrong passphrase. The caller zeroes the key. */
export async function unwrapKey(
  { kdf, salt, commitment, sealed }: WrappedKey,
  passphrase: Uint8Array,
  place: KeyPlace,
): Promise<Buffer | undefined> {
  const derived = await deriveWrapping(passphrase, { kdf, salt: Buffer.from(salt, 'base64') });
  try {
    const expected = Buffer.from(commitment, 'base64');
    if (expected.length !== derived.commitment.length) return undefined;
    if (!timingSafeEqual(expected, derived.commitment)) return undefined;
    return unsealKey(sealed, derived.wrapping, purposeOf(place));
  } finally {
    derived.wrapping.fill(0);
  }
}

/** AES-GCM opens under several keys what was made to: the commitment allows one passphrase alone. */
async function deriveWrapping(
  passphrase: Uint8Array,
  { kdf, salt }: { readonly kdf: Argon2Parameters; readonly salt: Uint8Array },
): Promise<{ wrapping: Buffer; commitment: Buffer }> {
  const { memoryKib, passes, lanes } = kdf;
  const derived = await derivePassphraseKey(passphrase, {
    salt,
    cost: { memoryKib, passes, lanes },
  });
  try {
    const both = Buffer.from(
      hkdfSync('sha256', derived, salt, 'locara/vault/wrap/1', 2 * KEY_BYTES),
    );
    const wrapping = Buffer.from(both.subarray(0, KEY_BYTES));
    const commitment = Buffer.from(both.subarray(KEY_BYTES));
    both.fill(0);
    return { wrapping, commitment };
  } finally {
    derived.fill(0);
  }
}

function purposeOf({ appId, keyId }: KeyPlace): string {
  return `${appId}|vault|${keyId}`;
}
