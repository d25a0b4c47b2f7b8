import type { EncryptionKey } from './encryption-key.ts';

/**
 * By what a value is encrypted: a passphrase, which costs half a second each time, a key that was derived of one,
 * or a database that the keystore unlocked.
 */
export type Secret = string | EncryptionKey | { readonly database: string };

/** As `vault.encrypt` and the encrypt step of a pipeline name it. */
export function toKeyFields(secret: Exclude<Secret, string>): {
  readonly database?: string;
  readonly key?: string;
} {
  return 'database' in secret ? { database: secret.database } : { key: secret.handle };
}
