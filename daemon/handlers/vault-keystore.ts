import type { vaultKeystoreMethods } from '@locara/protocol';
import { DEFAULT_KDF } from '../privacy/vault/derivations.ts';
import type {
  Attempt,
  DecryptedRecords,
  Keystore,
  SealedBy,
} from '../privacy/vault/keystore/keystore.ts';
import type { HandlersOf, SessionCall } from '../rpc/handler.ts';
import { hasArgon2 } from '../secrets/argon2.ts';
import { toNormalizedBytes } from '../secrets/passphrase-bytes.ts';
import { toPrivacyCall } from './to-privacy-call.ts';

interface VaultKeystoreDeps {
  readonly keystore: Keystore;
  /** Makes plain what the collections of the caller hold of a database; answers how many records, and how many stay sealed. */
  readonly unsealRecords: (
    call: SessionCall,
    sealed: SealedBy & { readonly database: string },
  ) => Promise<DecryptedRecords>;
  /** Whether passphrases become keys here; tried at each question when left out. */
  readonly isSupported?: () => Promise<boolean>;
}

/** The keys of an app's databases. `getPassphrase` is not among them: nobody needs to hand a secret back. */
export function vaultKeystoreHandlers({
  keystore,
  unsealRecords,
  isSupported = hasArgon2,
}: VaultKeystoreDeps): HandlersOf<keyof typeof vaultKeystoreMethods> {
  return {
    'vault.initialize': (params, call) =>
      withPassphrases(params, async ({ database, ...settings }) => {
        const named = toPrivacyCall('vault.initialize', call);
        return { metadata: await keystore.initialize(named, database, settings) };
      }),
    'vault.unlock': (params, call) =>
      withPassphrases(params, async ({ database, ...settings }) => {
        const named = toPrivacyCall('vault.unlock', call);
        const attempt = await keystore.unlock(named, database, settings);
        return { unlocked: attempt.isRight, ...toRetry(attempt) };
      }),
    'vault.lock': ({ database }, { session }) => ({ locked: keystore.lock(session.id, database) }),
    'vault.isUnlocked': ({ database }, { session }) => ({
      unlocked: keystore.isUnlocked(session.id, database),
    }),
    'vault.getMetadata': async ({ database }, { session }) => ({
      metadata: (await keystore.getMetadata(session.appId, database)) ?? null,
    }),
    'vault.list': async (_params, { session }) => ({
      databases: await keystore.list(session.appId),
    }),
    'vault.hasEncryption': async ({ database }, { session }) => ({
      enabled: (await keystore.getMetadata(session.appId, database))?.enabled === true,
    }),
    'vault.getParameters': async ({ database }, { session }) => {
      const known =
        database === undefined ? undefined : await keystore.getMetadata(session.appId, database);
      return { kdf: known?.kdf ?? DEFAULT_KDF };
    },
    'vault.isSupported': async () => ({ supported: await isSupported() }),
    'vault.changePassphrase': (params, call) =>
      withPassphrases(params, async ({ database, ...change }) => {
        const named = toPrivacyCall('vault.changePassphrase', call);
        const attempt = await keystore.changePassphrase(named, database, change);
        return { changed: attempt.isRight, ...toRetry(attempt) };
      }),
    'vault.disable': (params, call) =>
      withPassphrases(params, async ({ database, passphrase }) => {
        const decryptRecords = (sealed: SealedBy) => unsealRecords(call, { database, ...sealed });
        const attempt = await keystore.disable(toPrivacyCall('vault.disable', call), database, {
          passphrase,
          decryptRecords,
        });
        return { disabled: attempt.isRight, ...toCounts(attempt), ...toRetry(attempt) };
      }),
    'vault.delete': async ({ database }, { session }) => ({
      deleted: await keystore.delete(session.appId, database),
    }),
  };
}

function toCounts({ decrypted = 0, left }: Partial<DecryptedRecords>): DecryptedRecords {
  return left === undefined ? { decrypted } : { decrypted, left };
}

function toRetry(attempt: Attempt): { readonly retryAfterMs?: number } {
  return attempt.isRight ? {} : { retryAfterMs: attempt.retryAfterMs };
}

interface WithPassphrases {
  readonly passphrase: string | Uint8Array;
  readonly newPassphrase?: string | Uint8Array;
}

type InBytes<Given> = {
  readonly [K in keyof Given]: K extends keyof WithPassphrases ? Uint8Array : Given[K];
};

/** Passphrases as bytes while `use` runs; zeroed when it has ended. */
async function withPassphrases<Given extends WithPassphrases, Result>(
  given: Given,
  use: (params: InBytes<Given>) => Promise<Result>,
): Promise<Result> {
  const passphrase = toNormalizedBytes(given.passphrase);
  const newPassphrase =
    given.newPassphrase === undefined ? undefined : toNormalizedBytes(given.newPassphrase);
  try {
    const inBytes = {
      ...given,
      passphrase,
      ...(newPassphrase === undefined ? {} : { newPassphrase }),
    };
    return await use(inBytes as InBytes<Given>);
  } finally {
    passphrase.fill(0);
    newPassphrase?.fill(0);
  }
}
