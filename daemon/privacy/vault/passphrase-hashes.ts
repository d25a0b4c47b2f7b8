import { createHash, timingSafeEqual } from 'node:crypto';
import type { Argon2Parameters } from '@locara/protocol';
import { makeSalt } from '../../secrets/argon2.ts';
import { toNormalizedBytes, toPassphraseBytes } from '../../secrets/passphrase-bytes.ts';
import type { PrivacyCall } from '../privacy-call.ts';
import { DEFAULT_KDF, type Derivations, isStrong } from './derivations.ts';
import { parsePhc, renderPhc } from './phc-hash.ts';
import { decodeBase64 } from './strict-base64.ts';
import { unfit } from './vault-errors.ts';

const SHA256_BYTES = 32;

/** Hashes by which passphrases are recognised. */
export interface PassphraseHashes {
  hash(
    call: PrivacyCall,
    passphrase: string | Uint8Array,
    kdf: Argon2Parameters | undefined,
  ): Promise<string>;
  /** Throws InvalidParams (`rule: hash_unknown`) for a hash of another kind. */
  verify(
    call: PrivacyCall,
    passphrase: string | Uint8Array,
    hash: string,
  ): Promise<{ readonly valid: boolean; readonly needsRehash: boolean }>;
}

export function createPassphraseHashes(derivations: Derivations): PassphraseHashes {
  const derive = async (
    call: PrivacyCall,
    passphrase: string | Uint8Array,
    how: { readonly kdf: Argon2Parameters; readonly salt: Buffer },
  ): Promise<Buffer> => {
    const bytes = toNormalizedBytes(passphrase);
    try {
      return await derivations.argon2(call, bytes, how);
    } finally {
      bytes.fill(0);
    }
  };
  return {
    hash: async (call, passphrase, kdf = DEFAULT_KDF) => {
      const salt = makeSalt();
      return renderPhc({ kdf, salt, hash: await derive(call, passphrase, { kdf, salt }) });
    },
    verify: async (call, passphrase, text) => {
      const phc = parsePhc(text);
      if (phc !== undefined) {
        const hash = await derive(call, passphrase, phc);
        return { valid: timingSafeEqual(hash, phc.hash), needsRehash: !isStrong(phc.kdf) };
      }
      const old = decodeBase64(text, SHA256_BYTES);
      if (old === undefined) throw unfit('hash_unknown', 'This is no hash that can be verified.');
      return { valid: timingSafeEqual(hashAsLocalMode(passphrase), old), needsRehash: true };
    },
  };
}

/** Unsalted and quick to guess: to recognise what LocalMode left, never to be kept. */
function hashAsLocalMode(passphrase: string | Uint8Array): Buffer {
  const bytes = toPassphraseBytes(passphrase);
  const digest = createHash('sha256').update(bytes).digest();
  bytes.fill(0);
  return digest;
}
