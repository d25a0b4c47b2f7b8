import { ARGON2_LIMITS, type vaultKeystoreMethods } from '@locara/protocol';
import type { PrivacyCall } from '../privacy/privacy-call.ts';
import type { Attempt, Keystore } from '../privacy/vault/keystore/keystore.ts';
import type { ValueCipher } from '../privacy/vault/value-cipher.ts';
import type { HandlersOf, SessionCall } from '../rpc/handler.ts';
import { toPassphraseBytes } from '../stores/keys/passphrase.ts';

interface VaultKeystoreDeps {
  readonly keystore: Keystore;
  /** Makes plain what the collections of the caller hold of a database; answers how many records. */
  readonly unsealRecords: (
    call: SessionCall,
    database: string,
    cipher: ValueCipher,
  ) => Promise<number>;
}

/** The keys of an app's databases. `getPassphrase` is not among them: nobody needs to hand a secret back. */
export function vaultKeystoreHandlers({
  keystore,
  unsealRecords,
}: VaultKeystoreDeps): HandlersOf<keyof typeof vaultKeystoreMethods> {
  return {
    'vault.initialize': (params, call) =>
      withPassphrases(params, async ({ database, ...settings }) => ({
        metadata: await keystore.initialize(by(call, 'vault.initialize'), database, settings),
      })),
    'vault.unlock': (params, call) =>
      withPassphrases(params, async ({ database, ...settings }) => {
        const attempt = await keystore.unlock(by(call, 'vault.unlock'), database, settings);
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
      return { kdf: known?.kdf ?? usualCost() };
    },
    'vault.isSupported': () => ({ supported: true }),
    'vault.changePassphrase': (params, call) =>
      withPassphrases(params, async ({ database, ...change }) => {
        const named = by(call, 'vault.changePassphrase');
        const attempt = await keystore.changePassphrase(named, database, change);
        return { changed: attempt.isRight, ...toRetry(attempt) };
      }),
    'vault.disable': (params, call) =>
      withPassphrases(params, async ({ database, passphrase }) => {
        const decryptRecords = (cipher: ValueCipher) => unsealRecords(call, database, cipher);
        const attempt = await keystore.disable(by(call, 'vault.disable'), database, {
          passphrase,
          decryptRecords,
        });
        const { decrypted = 0 } = attempt;
        return { disabled: attempt.isRight, decrypted, ...toRetry(attempt) };
      }),
    'vault.delete': async ({ database }, { session }) => ({
      deleted: await keystore.delete(session.appId, database),
    }),
  };
}

function by({ session, signal }: SessionCall, method: string): PrivacyCall {
  return { session, signal, method };
}

function toRetry(attempt: Attempt): { readonly retryAfterMs?: number } {
  return attempt.isRight ? {} : { retryAfterMs: attempt.retryAfterMs };
}

function usualCost() {
  const { memoryKib, passes, lanes } = ARGON2_LIMITS;
  return {
    name: 'argon2id' as const,
    memoryKib: memoryKib.default,
    passes: passes.default,
    lanes: lanes.default,
  };
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
  const passphrase = toBytes(given.passphrase);
  const newPassphrase =
    given.newPassphrase === undefined ? undefined : toBytes(given.newPassphrase);
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

function toBytes(passphrase: string | Uint8Array): Uint8Array {
  return typeof passphrase === 'string' ? toPassphraseBytes(passphrase) : passphrase;
}
