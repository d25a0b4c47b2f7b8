import type { ClientSource } from './client-source.ts';

export interface Passphrases {
  /** Salted and memory-hard (Argon2id, in the PHC format): each hash of a passphrase is another one. */
  readonly hashPassphrase: (passphrase: string) => Promise<string>;
  /** Reads LocalMode's unsalted hashes too: hash anew what still has one. */
  readonly verifyPassphrase: (passphrase: string, hash: string) => Promise<boolean>;
}

export function createPassphrases(client: ClientSource): Passphrases {
  return {
    hashPassphrase: async (passphrase) =>
      (await client().vault.hashPassphrase({ passphrase })).hash,
    verifyPassphrase: async (passphrase, hash) =>
      (await client().vault.verifyPassphrase({ passphrase, hash })).valid,
  };
}
