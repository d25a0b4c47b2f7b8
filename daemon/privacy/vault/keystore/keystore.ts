import type { Argon2Parameters, KeyMetadata } from '@locara/protocol';
import type { PrivacyCall } from '../../privacy-call.ts';
import type { ValueCipher } from '../value-cipher.ts';
import type { VaultKey } from '../vault-key.ts';

/** Whether a passphrase was right; else how long to wait before the next. */
export type Attempt =
  { readonly isRight: true } | { readonly isRight: false; readonly retryAfterMs: number };

/** By which key records are sealed, and how they open. */
export interface SealedBy {
  readonly keyId: string;
  readonly cipher: ValueCipher;
}

/** How many records are plain now, and how many stay sealed, where that is known. */
export interface DecryptedRecords {
  readonly decrypted: number;
  readonly left?: number;
}

/**
 * The keys of an app's databases: random, wrapped by a passphrase, opened for one session at a time. Passphrases
 * are zeroed by whoever made their bytes. Throws NotFound for a database without a key, Busy while it is too early
 * after a wrong passphrase.
 */
export interface Keystore {
  initialize(
    call: PrivacyCall,
    database: string,
    settings: {
      readonly passphrase: Uint8Array;
      readonly kdf?: Argon2Parameters | undefined;
      readonly autoLockMs?: number | undefined;
    },
  ): Promise<KeyMetadata>;
  unlock(
    call: PrivacyCall,
    database: string,
    settings: { readonly passphrase: Uint8Array; readonly autoLockMs?: number | undefined },
  ): Promise<Attempt>;
  /** Answers how many were open. */
  lock(session: string, database?: string): number;
  isUnlocked(session: string, database?: string): boolean;
  getMetadata(appId: string, database: string): Promise<KeyMetadata | undefined>;
  list(appId: string): Promise<KeyMetadata[]>;
  changePassphrase(
    call: PrivacyCall,
    database: string,
    change: {
      readonly passphrase: Uint8Array;
      readonly newPassphrase: Uint8Array;
      readonly kdf?: Argon2Parameters | undefined;
    },
  ): Promise<Attempt>;
  /** `decryptRecords` makes plain what the daemon itself holds, before the passphrase stops counting. */
  disable(
    call: PrivacyCall,
    database: string,
    how: {
      readonly passphrase: Uint8Array;
      readonly decryptRecords: (sealed: SealedBy) => Promise<DecryptedRecords>;
    },
  ): Promise<Attempt & Partial<DecryptedRecords>>;
  delete(appId: string, database: string): Promise<boolean>;
  /**
   * The key of a database that this session unlocked; locking erases it, and what uses it is refused then. Of one
   * whose passphrase was disabled, to open alone. Throws NotFound, Conflict (`rule: vault_locked|vault_disabled`).
   */
  keyOf(session: PrivacyCall['session'], database: string, use: 'seal' | 'open'): Promise<VaultKey>;
  /** Counts as a use of the key that a session has open; of none, it is nothing. */
  touch(session: PrivacyCall['session'], database: string): void;
  /** As `keyOf`, for values; each is a use. */
  cipherOf(
    session: PrivacyCall['session'],
    database: string,
    use: 'seal' | 'open',
  ): Promise<ValueCipher>;
  forgetSession(session: string): void;
  wipe(appId: string): Promise<void>;
}
