import type { Argon2Parameters, Envelope, VaultContext } from '@locara/protocol';
import { makeSalt } from '../../secrets/argon2.ts';
import { toPassphraseBytes } from '../../secrets/passphrase-bytes.ts';
import type { PrivacyCall } from '../privacy-call.ts';
import { DEFAULT_KDF, type Derivations } from './derivations.ts';
import {
  chooseOpeningKey,
  chooseSealingKey,
  type ChosenKey,
  deriveVaultKey,
  findDerivedKey,
  KDF_SALT_BYTES,
  type KeyChoice,
  type KeyDeps,
} from './key-choice.ts';
import { createPassphraseHashes, type PassphraseHashes } from './passphrase-hashes.ts';
import { createSessionKeys, type LocalModeKey, type SessionKey } from './session-keys.ts';
import { createSessionStreams, type StreamPiece } from './session-streams.ts';
import { createStreamDecryptor, createStreamEncryptor } from './stream-cipher.ts';
import { beginStream, parseStreamHeader, resumeStream } from './stream-header.ts';
import { decodeBase64 } from './strict-base64.ts';
import type { PlainValue } from './plain-value.ts';
import { createValueCipher, type ValueCipher } from './value-cipher.ts';
import {
  decryptValue,
  type DecryptOptions,
  encryptValue,
  type EncryptOptions,
  type Openable,
} from './values.ts';
import { sealed, unfit } from './vault-errors.ts';

/** What is remembered of a key by whoever wants to derive it again. */
export type KeyRecipe = { readonly salt: string } & (
  | { readonly kdf: Argon2Parameters }
  | { readonly kdf: { readonly name: 'pbkdf2'; readonly iterations: number } }
);

export interface DeriveOptions {
  readonly passphrase: string | Uint8Array;
  readonly salt?: string | undefined;
  readonly kdf?: Argon2Parameters | undefined;
  readonly iterations?: number | undefined;
}

export interface StreamOptions extends KeyChoice {
  readonly direction: 'encrypt' | 'decrypt';
  readonly context?: VaultContext | undefined;
  readonly kdf?: Argon2Parameters | undefined;
  readonly header?: string | undefined;
}

/** Encryption for apps: values, keys from passphrases, streams. What a session opened ends with it. */
export interface Vault extends PassphraseHashes {
  encrypt(call: PrivacyCall, plain: PlainValue, options: EncryptOptions): Promise<Envelope>;
  decrypt(call: PrivacyCall, envelope: Openable, options: DecryptOptions): Promise<PlainValue>;
  deriveKey(call: PrivacyCall, options: DeriveOptions): Promise<KeyRecipe & { key: string }>;
  forgetKey(session: string, key: string): boolean;
  /** Of a key that this session derived. Throws NotFound, InvalidParams (`rule: key_of_version_1`). */
  cipherOf(session: string, key: string): ValueCipher;
  openStream(
    call: PrivacyCall,
    options: StreamOptions,
  ): Promise<{ readonly stream: string; readonly header?: string }>;
  pushStream(session: string, piece: StreamPiece & { readonly bytes: Buffer }): Promise<Buffer>;
  closeStream(session: string, end: StreamPiece): Promise<Buffer>;
  abandonStream(session: string, stream: string): void;
  forgetSession(session: string): void;
  close(): void;
}

export function createVault(deps: Omit<KeyDeps, 'sessionKeys'>): Vault {
  const sessionKeys = createSessionKeys();
  const streams = createSessionStreams();
  const keyDeps: KeyDeps = { ...deps, sessionKeys };
  return {
    ...createPassphraseHashes(deps.derivations),
    encrypt: (call, plain, options) => encryptValue(keyDeps, call, { ...options, plain }),
    decrypt: (call, envelope, options) => decryptValue(keyDeps, call, { ...options, envelope }),
    deriveKey: async (call, options) => {
      const { key, ...recipe } = await deriveKey(deps.derivations, call, options);
      return { ...recipe, key: sessionKeys.add(call.session.id, abortable(call, key)) };
    },
    forgetKey: (session, key) => sessionKeys.forget(session, key),
    cipherOf: (session, key) => createValueCipher(findDerivedKey(sessionKeys, session, key)),
    openStream: async (call, options) => {
      const { header, ...stream } = await openStream(keyDeps, call, options);
      const id = streams.add(call.session.id, stream);
      return header === undefined ? { stream: id } : { stream: id, header };
    },
    pushStream: (session, piece) => streams.push(session, piece),
    closeStream: (session, end) => streams.finish(session, end),
    abandonStream: (session, stream) => {
      streams.abandon(session, stream);
    },
    forgetSession: (session) => {
      streams.forgetSession(session);
      sessionKeys.forgetSession(session);
    },
    close: () => {
      streams.endAll();
      sessionKeys.eraseAll();
    },
  };
}

/** A session that ended while its key was made gets none. */
function abortable({ signal }: PrivacyCall, key: SessionKey): SessionKey {
  if (!signal.aborted) return key;
  if ('bytes' in key) key.bytes.fill(0);
  else key.erase();
  throw signal.reason;
}

async function deriveKey(
  derivations: Derivations,
  call: PrivacyCall,
  options: DeriveOptions,
): Promise<KeyRecipe & { readonly key: SessionKey }> {
  const { passphrase, kdf = DEFAULT_KDF, iterations } = options;
  const salt = options.salt ?? makeSalt().toString('base64');
  const saltBytes = decodeBase64(salt);
  const { min, max } = KDF_SALT_BYTES;
  if (saltBytes === undefined || saltBytes.length < min || saltBytes.length > max) {
    throw unfit('salt_unfit', `A salt is ${min} to ${max} bytes in base64.`);
  }
  if (iterations === undefined) {
    const how = { passphrase, kdf: { ...kdf, salt } };
    return { salt, kdf, key: await deriveVaultKey(derivations, call, how) };
  }
  if (options.kdf !== undefined) throw unfit('one_kdf', 'Give `kdf` or `iterations`, not both.');
  const bytes = toPassphraseBytes(passphrase);
  try {
    const how = { salt: saltBytes, iterations: [iterations], accepts: () => true };
    const derived = await derivations.pbkdf2(call, bytes, how);
    if (derived === undefined) throw sealed();
    const key: LocalModeKey = { bytes: derived, salt, iterations };
    return { salt, kdf: { name: 'pbkdf2', iterations }, key };
  } finally {
    bytes.fill(0);
  }
}

async function openStream(
  deps: KeyDeps,
  call: PrivacyCall,
  { direction, context = {}, ...options }: StreamOptions,
) {
  if (direction === 'encrypt') {
    if (options.header !== undefined) {
      throw unfit('header_unneeded', 'Encrypting makes the header: give none.');
    }
    const chosen = await chooseSealingKey(deps, call, options);
    return releasingOnError(chosen, call, () => {
      const { header, streamKey } = beginStream(chosen.vaultKey, context);
      const cipher = createStreamEncryptor(streamKey);
      return { header: header.toString('base64'), cipher, streamKey, chosen };
    });
  }
  if (options.kdf !== undefined) throw unfit('kdf_unneeded', 'The header says how: give no `kdf`.');
  if (options.header === undefined) throw unfit('header_missing', 'The header is missing.');
  const bytes = decodeBase64(options.header);
  if (bytes === undefined) throw sealed();
  const header = parseStreamHeader(bytes);
  const chosen = await chooseOpeningKey(deps, call, { ...options, origin: header.origin });
  return releasingOnError(chosen, call, () => {
    const streamKey = resumeStream(chosen.vaultKey, header, context);
    return { header: undefined, cipher: createStreamDecryptor(streamKey), streamKey, chosen };
  });
}

/** A session that ended while its key was made gets no stream. */
function releasingOnError<Result>(
  chosen: ChosenKey,
  { signal }: PrivacyCall,
  make: () => Result,
): Result {
  try {
    signal.throwIfAborted();
    return make();
  } catch (error) {
    chosen.release();
    throw error;
  }
}
