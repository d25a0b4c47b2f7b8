import type { EncryptionKey } from './encryption-key.ts';

/**
 * By what a value is encrypted: a passphrase, which costs half a second each time, a key that was derived of one,
 * or a database that the keystore unlocked.
 */
export type Secret = string | EncryptionKey | { readonly database: string };

/**
 * As `vault.encrypt` and the encrypt step of a pipeline name it. Throws TypeError for anything else, which may be a
 * passphrase: the message does not quote it.
 */
export function toKeyFields(secret: Exclude<Secret, string>): {
  readonly database?: string;
  readonly key?: string;
} {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- callers in JavaScript give what they like
  if (typeof secret !== 'object' || secret === null) {
    throw new TypeError(
      'Give a key of `deriveEncryptionKey` or { database }; a passphrase, as a text, is for `encrypt*` and `decrypt*` alone.',
    );
  }
  return 'database' in secret ? { database: secret.database } : { key: secret.handle };
}
