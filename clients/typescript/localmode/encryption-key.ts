import type { Result } from '@locara/protocol';
import { toWire } from '../wire-values.ts';
import type { ClientSource } from './client-source.ts';

/** A key that stays in the daemon, for this connection; this is its name there. */
export interface EncryptionKey {
  readonly handle: string;
  /** How it comes of its passphrase. By PBKDF2 it is for version 1 alone, as LocalMode writes it. */
  readonly kdf: Result<'vault.deriveKey'>['kdf'];
  /** Erases it before the connection ends. */
  readonly forget: () => Promise<boolean>;
}

export interface DerivedKey {
  readonly key: EncryptionKey;
  /** Base64: derives the same key again. */
  readonly salt: string;
}

export interface KeyDerivation {
  /**
   * A key from a passphrase, by Argon2id; by PBKDF2 with `iterations`, for what LocalMode wrote. Without a salt a
   * new one is made.
   */
  readonly deriveEncryptionKey: (
    password: string,
    salt?: string | Uint8Array,
    iterations?: number,
  ) => Promise<DerivedKey>;
  /** @deprecated Call `deriveEncryptionKey`. */
  readonly deriveKey: KeyDerivation['deriveEncryptionKey'];
}

export function createKeyDerivation(client: ClientSource): KeyDerivation {
  const deriveEncryptionKey: KeyDerivation['deriveEncryptionKey'] = async (
    passphrase,
    salt,
    iterations,
  ) => {
    const { vault } = client();
    const given = typeof salt === 'object' ? toWire(salt).base64 : salt;
    const derived = await vault.deriveKey({ passphrase, salt: given, iterations });
    const { key: handle, kdf } = derived;
    const forget = async () => (await vault.forgetKey({ key: handle })).forgotten;
    return { key: { handle, kdf, forget }, salt: derived.salt };
  };
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the old name is kept for who knows it
  return { deriveEncryptionKey, deriveKey: deriveEncryptionKey };
}
