import { hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Argon2Parameters } from '@locara/protocol';
import { makeSalt } from '../../../secrets/argon2.ts';
import type { PrivacyCall } from '../../privacy-call.ts';
import type { Derivations } from '../derivations.ts';
import { KEY_BYTES, type SealedKey, sealKey, unsealKey } from '../../../stores/keys/sealed-key.ts';

/** A key of 32 bytes that a passphrase opens. */
export interface WrappedKey {
  readonly kdf: Argon2Parameters;
  readonly salt: string;
  readonly commitment: string;
  readonly sealed: SealedKey;
}

/** For whom which key is wrapped: one that is moved to another place does not open. */
export interface Wrapping {
  readonly derivations: Pick<Derivations, 'argon2'>;
  readonly call: PrivacyCall;
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
  { kdf, ...wrapping }: Wrapping & { readonly kdf: Argon2Parameters },
): Promise<WrappedKey> {
  const salt = makeSalt();
  const derived = await deriveWrapping(passphrase, { ...wrapping, kdf, salt });
  try {
    return {
      kdf,
      salt: salt.toString('base64'),
      commitment: derived.commitment.toString('base64'),
      sealed: sealKey(key, derived.key, purposeOf(wrapping)),
    };
  } finally {
    derived.key.fill(0);
  }
}

/** Undefined by a wrong passphrase. The caller zeroes the key. */
export async function unwrapKey(
  { kdf, salt, commitment, sealed }: WrappedKey,
  passphrase: Uint8Array,
  wrapping: Wrapping,
): Promise<Buffer | undefined> {
  const how = { ...wrapping, kdf, salt: Buffer.from(salt, 'base64') };
  const derived = await deriveWrapping(passphrase, how);
  try {
    const expected = Buffer.from(commitment, 'base64');
    if (expected.length !== derived.commitment.length) return undefined;
    if (!timingSafeEqual(expected, derived.commitment)) return undefined;
    return unsealKey(sealed, derived.key, purposeOf(wrapping));
  } finally {
    derived.key.fill(0);
  }
}

/** AES-GCM opens under several keys what was made to: the commitment allows one passphrase alone. */
async function deriveWrapping(
  passphrase: Uint8Array,
  {
    derivations,
    call,
    kdf,
    salt,
  }: Wrapping & { readonly kdf: Argon2Parameters; readonly salt: Uint8Array },
): Promise<{ readonly key: Buffer; readonly commitment: Buffer }> {
  const derived = await derivations.argon2(call, passphrase, { kdf, salt });
  try {
    const both = hkdfSync('sha256', derived, salt, 'locara/vault/wrap/1', 2 * KEY_BYTES);
    return { key: Buffer.from(both, 0, KEY_BYTES), commitment: Buffer.from(both, KEY_BYTES) };
  } finally {
    derived.fill(0);
  }
}

function purposeOf({ call, keyId }: Wrapping): string {
  return `${call.session.appId}|vault|${keyId}`;
}
