import type { Argon2Parameters, Result } from '@locara/protocol';
import type { ClientSource } from './client-source.ts';
import { useDefaultClient } from './default-client.ts';
import { isCryptoSupportedBy } from './feature-detection.ts';

/** What is known of the key of a database; there is no hash of its passphrase anywhere. */
export interface KeyMetadata {
  readonly dbName: string;
  readonly keyId: string;
  /** Milliseconds since 1970, as the other times. */
  readonly createdAt: number;
  /** `createdAt` while it was never unlocked. */
  readonly lastUsedAt: number;
  /** When the passphrase was last changed. */
  readonly changedAt?: number;
  /** What one guess at the passphrase costs; LocalMode's `iterations`. */
  readonly parameters: Argon2Parameters;
  readonly enabled: boolean;
  /** Since the last right passphrase. */
  readonly failedAttempts: number;
  readonly autoLockMs: number;
}

/** What LocalMode has no words for. */
export interface KeystoreSettings {
  /** What one guess at the passphrase is to cost. */
  readonly parameters?: Argon2Parameters;
  /** Locked after so long without use. */
  readonly autoLockMs?: number;
}

/**
 * The keys of databases, by name: random ones, wrapped by passphrases, in the daemon. What is unlocked is so for this
 * connection, and is used by name: `encrypt(data, { database })`.
 */
export class Keystore {
  readonly #client: ClientSource;

  constructor(client: ClientSource = useDefaultClient) {
    this.#client = client;
  }

  /** Whether a daemon is there that encrypts. */
  static isSupported(): Promise<boolean> {
    return isCryptoSupportedBy(useDefaultClient);
  }

  /** Makes the key of a database and unlocks it. A number, LocalMode's iterations, changes nothing. */
  async initialize(
    dbName: string,
    passphrase: string,
    settings: number | KeystoreSettings = {},
  ): Promise<void> {
    const { parameters, autoLockMs } = typeof settings === 'number' ? {} : settings;
    const { vault } = this.#client();
    await vault.initialize({ database: dbName, passphrase, kdf: parameters, autoLockMs });
  }

  /** False for a wrong passphrase; `Busy` while it is too early to guess again. */
  async unlock(dbName: string, passphrase: string): Promise<boolean> {
    return (await this.#client().vault.unlock({ database: dbName, passphrase })).unlocked;
  }

  /** Erases the opened key of a database; of all without a name. */
  async lock(dbName?: string): Promise<void> {
    await this.#client().vault.lock({ database: dbName });
  }

  /** Whether a database is open; any one without a name. */
  async isUnlocked(dbName?: string): Promise<boolean> {
    return (await this.#client().vault.isUnlocked({ database: dbName })).unlocked;
  }

  /** Always throws: the passphrase is never kept, and nothing needs it once the database is unlocked. */
  getPassphrase(): never {
    throw new TypeError(
      'getPassphrase is not offered: whoever can ask for a passphrase can steal it. Once the database is unlocked, name it instead: encrypt(data, { database }), or vault.encrypt {database}.',
    );
  }

  /** What one guess at the passphrase of a database costs; of a new one without a name. */
  async getIterations(dbName?: string): Promise<Argon2Parameters> {
    return (await this.#client().vault.getParameters({ database: dbName })).kdf;
  }

  async getMetadata(dbName: string): Promise<KeyMetadata | null> {
    const { metadata } = await this.#client().vault.getMetadata({ database: dbName });
    return metadata === null ? null : toKeyMetadata(metadata);
  }

  /** Whether a database needs its passphrase now. */
  async hasEncryption(dbName: string): Promise<boolean> {
    return (await this.#client().vault.hasEncryption({ database: dbName })).enabled;
  }

  /** Wraps the same key anew: what is encrypted stays readable. False for a wrong old passphrase. */
  async changePassphrase(
    dbName: string,
    oldPassphrase: string,
    newPassphrase: string,
  ): Promise<boolean> {
    const passphrases = { passphrase: oldPassphrase, newPassphrase };
    const { changed } = await this.#client().vault.changePassphrase({
      database: dbName,
      ...passphrases,
    });
    return changed;
  }

  /** Decrypts what the collections hold of it; the rest opens without a passphrase. False for a wrong one. */
  async disable(dbName: string, passphrase: string): Promise<boolean> {
    return (await this.#client().vault.disable({ database: dbName, passphrase })).disabled;
  }

  /** Destroys the key: what is encrypted by it cannot be opened any more. */
  async delete(dbName: string): Promise<void> {
    await this.#client().vault.delete({ database: dbName });
  }
}

function toKeyMetadata({
  database,
  kdf,
  ...known
}: NonNullable<Result<'vault.getMetadata'>['metadata']>): KeyMetadata {
  const createdAt = Date.parse(known.createdAt);
  const { keyId, lastUsedAt, changedAt, enabled, failedAttempts, autoLockMs } = known;
  return {
    dbName: database,
    keyId,
    createdAt,
    lastUsedAt: lastUsedAt === undefined ? createdAt : Date.parse(lastUsedAt),
    ...(changedAt === undefined ? {} : { changedAt: Date.parse(changedAt) }),
    parameters: kdf,
    enabled,
    failedAttempts,
    autoLockMs,
  };
}
