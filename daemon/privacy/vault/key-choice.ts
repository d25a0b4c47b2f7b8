import type { Argon2Parameters, EnvelopeV2 } from '@locara/protocol';
import { makeSalt } from '../../secrets/argon2.ts';
import { toNormalizedBytes } from '../../secrets/passphrase-bytes.ts';
import type { PrivacyCall } from '../privacy-call.ts';
import { DEFAULT_KDF, type Derivations } from './derivations.ts';
import type { Keystore } from './keystore/keystore.ts';
import type { SessionKeys } from './session-keys.ts';
import { decodeBase64 } from './strict-base64.ts';
import { sealed, unfit } from './vault-errors.ts';
import { VaultKey } from './vault-key.ts';

/** By what something is encrypted: exactly one of them. */
export interface KeyChoice {
  readonly passphrase?: string | Uint8Array | undefined;
  /** One that this session unlocked. */
  readonly database?: string | undefined;
  /** A handle of this session's. */
  readonly key?: string | undefined;
}

export interface KeyDeps {
  readonly derivations: Derivations;
  readonly sessionKeys: SessionKeys;
  readonly keystore: Pick<Keystore, 'keyOf' | 'touch'>;
}

export const KDF_SALT_BYTES = { min: 16, max: 64 } as const;

/** A key to use, and how to let go of it: one that was made for this alone is erased. */
export interface ChosenKey {
  readonly vaultKey: VaultKey;
  readonly release: () => void;
  /** Of a database, which locks itself when it is not used: who keeps the key says so at each use. */
  readonly touch?: () => void;
}

/** The key to encrypt with. Throws NotFound, Conflict (`vault_locked`), InvalidParams. */
export async function chooseSealingKey(
  deps: KeyDeps,
  call: PrivacyCall,
  { kdf, ...choice }: KeyChoice & { readonly kdf?: Argon2Parameters | undefined },
): Promise<ChosenKey> {
  if (choice.passphrase === undefined) {
    if (kdf === undefined) return findKey(deps, call, { ...choice, use: 'seal' });
    throw unfit('kdf_unneeded', 'The key is there already: `kdf` is for a passphrase.');
  }
  const salted = { ...(kdf ?? DEFAULT_KDF), salt: makeSalt().toString('base64') };
  const how = { passphrase: choice.passphrase, kdf: salted };
  return own(await deriveVaultKey(deps.derivations, call, how));
}

/** The key that an envelope or the header of a stream asks for. Throws the same, and Conflict (`sealed`). */
export async function chooseOpeningKey(
  deps: KeyDeps,
  call: PrivacyCall,
  { origin, ...choice }: KeyChoice & { readonly origin: Pick<EnvelopeV2, 'keyId' | 'kdf'> },
): Promise<ChosenKey> {
  if (choice.passphrase === undefined) return findKey(deps, call, { ...choice, use: 'open' });
  if (origin.kdf === undefined || origin.keyId !== undefined) throw sealed();
  const how = { passphrase: choice.passphrase, kdf: origin.kdf };
  return own(await deriveVaultKey(deps.derivations, call, how));
}

/** Throws Conflict (`sealed`) for a salt that nobody derives by, InvalidParams for an empty passphrase. */
export async function deriveVaultKey(
  derivations: Derivations,
  call: PrivacyCall,
  {
    passphrase,
    kdf: { salt: saltText, ...kdf },
  }: {
    readonly passphrase: string | Uint8Array;
    readonly kdf: Argon2Parameters & { readonly salt: string };
  },
): Promise<VaultKey> {
  if (passphrase.length === 0) throw unfit('passphrase_empty', 'The passphrase is empty.');
  const salt = decodeBase64(saltText);
  const { min, max } = KDF_SALT_BYTES;
  if (salt === undefined || salt.length < min || salt.length > max) throw sealed();
  const bytes = toNormalizedBytes(passphrase);
  try {
    const master = await derivations.argon2(call, bytes, { kdf, salt });
    return new VaultKey(master, {
      origin: { kdf: { ...kdf, salt: saltText } },
      owner: { appId: call.session.appId, store: '' },
    });
  } finally {
    bytes.fill(0);
  }
}

async function findKey(
  { keystore, sessionKeys }: KeyDeps,
  call: PrivacyCall,
  { database, key, use }: KeyChoice & { readonly use: 'seal' | 'open' },
): Promise<ChosenKey> {
  if (database !== undefined) {
    const { session } = call;
    const touch = (): void => {
      keystore.touch(session, database);
    };
    return { ...borrow(await keystore.keyOf(session, database, use)), touch };
  }
  return borrow(findDerivedKey(sessionKeys, call.session.id, key ?? ''));
}

/** A key that the session derived. Throws NotFound, and InvalidParams (`rule: key_of_version_1`). */
export function findDerivedKey(
  sessionKeys: Pick<SessionKeys, 'get'>,
  session: string,
  handle: string,
): VaultKey {
  const found = sessionKeys.get(session, handle);
  if (found instanceof VaultKey) return found;
  throw unfit('key_of_version_1', 'This key is by PBKDF2: it is for `version` 1 alone.');
}

function own(vaultKey: VaultKey): ChosenKey {
  return {
    vaultKey,
    release: () => {
      vaultKey.erase();
    },
  };
}

function borrow(vaultKey: VaultKey): ChosenKey {
  return { vaultKey, release: () => undefined };
}
