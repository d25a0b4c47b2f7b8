import { RpcError } from '@locara/protocol';
import type { BootClock } from '../../../clock/boot-clock.ts';
import { createTaskQueue } from '../../../task-queue.ts';
import type { PrivacyCall } from '../../privacy-call.ts';
import { assertAffordable, DEFAULT_KDF, type Derivations } from '../derivations.ts';
import { createValueCipher } from '../value-cipher.ts';
import { unfit, vaultDisabled, vaultLocked } from '../vault-errors.ts';
import { VaultKey } from '../vault-key.ts';
import type { DatabaseFiles } from './database-files.ts';
import { type DatabaseRecord, toMetadata } from './database-record.ts';
import { createGuessJudge, type GuessJudge, unknownDatabase } from './judge-guess.ts';
import type { Keystore } from './keystore.ts';
import { OpenKeys } from './open-keys.ts';
import { makeKey, makeKeyId, wrapKey } from './wrapped-key.ts';

export interface KeystoreDeps {
  readonly files: DatabaseFiles;
  readonly bootClock: BootClock;
  readonly derivations: Pick<Derivations, 'argon2'>;
}

const AUTO_LOCK_MS = 15 * 60 * 1000;
const MAX_DATABASES = 256;
/** Guesses and changes of one app that may wait; each takes half a second and 64 MiB. */
const MAX_WAITING = 16;

export function createKeystore(deps: KeystoreDeps): Keystore {
  return new FileKeystore(deps);
}

class FileKeystore implements Keystore {
  readonly #deps: KeystoreDeps;
  readonly #open = new OpenKeys();
  /** Of each app: no guess is judged while another one is. */
  readonly #turns = new Map<string, ReturnType<typeof createTaskQueue>>();
  readonly #judge: GuessJudge;

  constructor(deps: KeystoreDeps) {
    this.#deps = deps;
    this.#judge = createGuessJudge(deps);
  }

  initialize: Keystore['initialize'] = (call, database, { passphrase, kdf, autoLockMs }) =>
    this.#inTurn(call, async () => {
      const { appId } = call.session;
      assertPassphrase(passphrase);
      const existing = await this.#deps.files.read(appId, database);
      if (existing !== undefined && existing.plainKey === undefined) throw alreadyEncrypted();
      if (existing === undefined) await this.#assertRoom(appId);
      const keyId = existing?.keyId ?? makeKeyId();
      const key = takePlainKey(existing) ?? makeKey();
      const now = new Date().toISOString();
      try {
        const { derivations } = this.#deps;
        const how = { derivations, call, keyId, kdf: kdf ?? DEFAULT_KDF };
        const wrapped = await wrapKey(key, passphrase, how);
        const record: DatabaseRecord = {
          version: 1,
          database,
          keyId,
          createdAt: existing?.createdAt ?? now,
          ...(existing === undefined ? {} : { changedAt: now }),
          autoLockMs: autoLockMs ?? AUTO_LOCK_MS,
          ...wrapped,
          failures: 0,
        };
        await this.#save(appId, record, { isNew: existing === undefined });
        this.#openKey(call, record, { key: Buffer.from(key) });
        return toMetadata(record);
      } finally {
        key.fill(0);
      }
    });

  unlock: Keystore['unlock'] = (call, database, { passphrase, autoLockMs }) =>
    this.#inTurn(call, () =>
      this.#judge(call, database, {
        passphrase,
        onRight: (record, key) => {
          // The key of a disabled database lies there as it is, to open alone.
          if (record.plainKey === undefined) {
            this.#openKey(call, record, { key: Buffer.from(key), autoLockMs });
          }
          return Promise.resolve({});
        },
      }),
    );

  lock: Keystore['lock'] = (session, database) =>
    this.#open.lock({ session, ...(database === undefined ? {} : { database }) });

  isUnlocked: Keystore['isUnlocked'] = (session, database) => this.#open.isOpen(session, database);

  getMetadata: Keystore['getMetadata'] = async (appId, database) => {
    const record = await this.#deps.files.read(appId, database);
    return record === undefined ? undefined : toMetadata(record);
  };

  list: Keystore['list'] = async (appId) => (await this.#deps.files.list(appId)).map(toMetadata);

  changePassphrase: Keystore['changePassphrase'] = (
    call,
    database,
    { passphrase, newPassphrase, kdf },
  ) =>
    this.#inTurn(call, () => {
      assertPassphrase(newPassphrase);
      if (kdf !== undefined) assertAffordable(kdf);
      return this.#judge(call, database, {
        passphrase,
        onRight: async (record, key) => {
          const { derivations, files } = this.#deps;
          const how = { derivations, call, keyId: record.keyId, kdf: kdf ?? record.kdf };
          const wrapped = await wrapKey(key, newPassphrase, how);
          const changedAt = new Date().toISOString();
          await files.replace(call.session.appId, { ...record, ...wrapped, changedAt });
          return {};
        },
      });
    });

  disable: Keystore['disable'] = (call, database, { passphrase, decryptRecords }) =>
    this.#inTurn(call, () =>
      this.#judge(call, database, {
        passphrase,
        onRight: async (record, key) => {
          const { appId } = call.session;
          // The key first: whatever ends this now, what is still encrypted opens without a passphrase.
          const plainKey = key.toString('base64');
          await this.#deps.files.replace(appId, { ...record, plainKey });
          this.#open.lock({ appId, database });
          const vaultKey = toVaultKey(Buffer.from(key), appId, record);
          try {
            return await decryptRecords({
              keyId: record.keyId,
              cipher: createValueCipher(vaultKey),
            });
          } finally {
            vaultKey.erase();
          }
        },
      }),
    );

  delete: Keystore['delete'] = (appId, database) =>
    this.#inTurnOf(appId, () => {
      this.#open.lock({ appId, database });
      return this.#deps.files.destroy(appId, database);
    });

  keyOf: Keystore['keyOf'] = async ({ id, appId }, database, use) => {
    const opened = this.#open.keyOf({ session: id, appId, database });
    if (opened !== undefined) return opened;
    const record = await this.#deps.files.read(appId, database);
    if (record === undefined) throw unknownDatabase();
    const key = takePlainKey(record);
    if (key === undefined) throw vaultLocked();
    if (use === 'seal') throw vaultDisabled();
    return toVaultKey(key, appId, record);
  };

  touch: Keystore['touch'] = ({ id, appId }, database) => {
    this.#open.keyOf({ session: id, appId, database });
  };

  cipherOf: Keystore['cipherOf'] = async (session, database, use) => {
    const cipher = createValueCipher(await this.keyOf(session, database, use));
    return {
      seal: (plain, context) => {
        this.touch(session, database);
        return cipher.seal(plain, context);
      },
      open: (envelope, context) => {
        this.touch(session, database);
        return cipher.open(envelope, context);
      },
    };
  };

  forgetSession: Keystore['forgetSession'] = (session) => {
    this.#open.lock({ session });
  };

  wipe: Keystore['wipe'] = (appId) =>
    this.#inTurnOf(appId, async () => {
      this.#open.lock({ appId });
      await this.#deps.files.wipe(appId);
      this.#turns.delete(appId);
    });

  #openKey(
    { session, signal }: PrivacyCall,
    record: DatabaseRecord,
    {
      key,
      autoLockMs = record.autoLockMs,
    }: { readonly key: Buffer; readonly autoLockMs?: number | undefined },
  ): void {
    const { id, appId } = session;
    // The session may have ended while the passphrase was judged.
    if (signal.aborted) {
      key.fill(0);
      return;
    }
    const vaultKey = toVaultKey(key, appId, record);
    this.#open.open({ session: id, appId, database: record.database }, { vaultKey, autoLockMs });
  }

  async #save(
    appId: string,
    record: DatabaseRecord,
    { isNew }: { readonly isNew: boolean },
  ): Promise<void> {
    const { files } = this.#deps;
    if (!isNew) await files.replace(appId, record);
    else if (!files.create(appId, record)) throw alreadyEncrypted();
  }

  async #assertRoom(appId: string): Promise<void> {
    if ((await this.#deps.files.count(appId)) < MAX_DATABASES) return;
    throw new RpcError('QuotaExceeded', `An app may have ${MAX_DATABASES} encrypted databases.`, {
      details: { limit: MAX_DATABASES },
    });
  }

  #inTurn<Result>({ session }: PrivacyCall, task: () => Promise<Result>): Promise<Result> {
    return this.#inTurnOf(session.appId, task);
  }

  #inTurnOf<Result>(appId: string, task: () => Promise<Result>): Promise<Result> {
    const known = this.#turns.get(appId);
    const turn = known ?? createTaskQueue({ maxWaiting: MAX_WAITING });
    if (known === undefined) this.#turns.set(appId, turn);
    return turn(task);
  }
}

/** Takes the bytes over. */
function toVaultKey(key: Buffer, appId: string, { database, keyId }: DatabaseRecord): VaultKey {
  return new VaultKey(key, { origin: { keyId }, owner: { appId, store: database } });
}

function takePlainKey(record: DatabaseRecord | undefined): Buffer | undefined {
  return record?.plainKey === undefined ? undefined : Buffer.from(record.plainKey, 'base64');
}

function assertPassphrase(passphrase: Uint8Array): void {
  if (passphrase.length === 0) throw unfit('passphrase_empty', 'The passphrase is empty.');
}

function alreadyEncrypted(): RpcError {
  return new RpcError('Conflict', 'This database is encrypted already.', {
    details: { rule: 'vault_exists' },
  });
}
