import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { Argon2Parameters, Envelope, EnvelopeV1, VaultContext } from '@locara/protocol';
import { toPassphraseBytes } from '../../secrets/passphrase-bytes.ts';
import { beginTurns, type Turns } from '../../turns.ts';
import type { PrivacyCall } from '../privacy-call.ts';
import { chooseOpeningKey, chooseSealingKey, type KeyChoice, type KeyDeps } from './key-choice.ts';
import {
  LOCALMODE_ITERATIONS,
  LOCALMODE_SALT_BYTES,
  type MiddlewareValue,
  openLocalMode,
  PROBED_ITERATIONS,
  readLocalModeSalt,
  sealLocalMode,
} from './localmode.ts';
import { isShallow, keepMinusZero, parseAnyJson } from './json-text.ts';
import { fromPlainBytes, type PlainValue, toPlainBytes } from './plain-value.ts';
import type { LocalModeKey } from './session-keys.ts';
import { createValueCipher, erasePlainBytes } from './value-cipher.ts';
import { sealed, unfit, vaultLocked } from './vault-errors.ts';

export interface EncryptOptions extends KeyChoice {
  readonly context?: VaultContext | undefined;
  readonly version: 1 | 2;
  readonly iterations?: number | undefined;
  readonly kdf?: Argon2Parameters | undefined;
}

export interface DecryptOptions extends KeyChoice {
  readonly context?: VaultContext | undefined;
  readonly iterations?: number | undefined;
  readonly as?: PlainValue['type'] | undefined;
}

/** What can be opened: envelopes of both versions, and what LocalMode's middleware left. */
export type Openable = Envelope | MiddlewareValue;

/** Throws NotFound, InvalidParams, Busy, Conflict (`vault_locked`). */
export async function encryptValue(
  deps: KeyDeps,
  call: PrivacyCall,
  { plain, ...options }: EncryptOptions & { readonly plain: PlainValue },
): Promise<Envelope> {
  if (options.version === 1) return encryptVersion1(deps, call, { plain, ...options });
  refuseIf(options.iterations, 'iterations_of_version_1', '`iterations` is for `version` 1 alone.');
  const { vaultKey, release } = await chooseSealingKey(deps, call, options);
  const turns = beginTurns();
  try {
    const bytes = { type: plain.type, bytes: await toBytes(plain, () => letOthers(turns, call)) };
    try {
      await letOthers(turns, call);
      return createValueCipher(vaultKey).sealBytes(bytes, options.context ?? {});
    } finally {
      erasePlainBytes(bytes);
    }
  } finally {
    release();
  }
}

/** Throws the same, and Conflict (`sealed`) for whatever does not fit. */
export async function decryptValue(
  deps: KeyDeps,
  call: PrivacyCall,
  { envelope, ...options }: DecryptOptions & { readonly envelope: Openable },
): Promise<PlainValue> {
  if (!('version' in envelope && envelope.version === 2)) {
    return decryptVersion1(deps, call, { envelope, ...options });
  }
  const { type, keyId, kdf } = envelope;
  if (options.as !== undefined && options.as !== type) throw sealed();
  refuseIf(options.iterations, 'iterations_of_version_1', '`iterations` is for version 1 alone.');
  const origin = { keyId, kdf };
  const { vaultKey, release } = await chooseOpeningKey(deps, call, { ...options, origin });
  const turns = beginTurns();
  try {
    const bytes = createValueCipher(vaultKey).openBytes(envelope, options.context ?? {});
    await letOthers(turns, call);
    // A key that was erased meanwhile lets nothing out.
    if (vaultKey.isErased) throw vaultLocked();
    const plain = await fromBytes(type, bytes, () => letOthers(turns, call));
    if (plain === undefined) throw sealed();
    await letOthers(turns, call);
    return plain;
  } finally {
    release();
  }
}

/** As `toPlainBytes`, which JSON of many keys takes long for. */
async function toBytes(plain: PlainValue, pause: () => Promise<void>): Promise<Buffer> {
  if (plain.type !== 'json') return toPlainBytes(plain);
  const value = keepMinusZero(plain.value);
  await pause();
  return Buffer.from(JSON.stringify(value));
}

/** As `fromPlainBytes`, in the same way. */
async function fromBytes(
  type: PlainValue['type'],
  bytes: Buffer,
  pause: () => Promise<void>,
): Promise<PlainValue | undefined> {
  if (type !== 'json') return fromPlainBytes(type, bytes);
  const parsed = isUtf8(bytes) ? parseAnyJson(bytes.toString()) : undefined;
  if (parsed === undefined) return undefined;
  await pause();
  return isShallow(parsed.value) ? { type, value: parsed.value } : undefined;
}

/** A large value takes its time in each step; between them others come first. */
async function letOthers(turns: Turns, { signal }: PrivacyCall): Promise<void> {
  if (!turns.areOver()) return;
  await turns.next();
  signal.throwIfAborted();
}

async function encryptVersion1(
  deps: KeyDeps,
  call: PrivacyCall,
  { plain, ...options }: EncryptOptions & { readonly plain: PlainValue },
): Promise<EnvelopeV1> {
  refuseIf(options.context, 'version_1_binds_nothing', 'Version 1 is bound to no context.');
  refuseIf(options.kdf, 'kdf_of_version_2', '`kdf` is for version 2 alone: give `iterations`.');
  const { passphrase, iterations = LOCALMODE_ITERATIONS } = options;
  if (passphrase === undefined) {
    const key = findLocalModeKey(deps, call, options);
    return sealLocalMode(plain, key.bytes, key.salt);
  }
  const salt = randomBytes(LOCALMODE_SALT_BYTES);
  const how = { salt, iterations: [iterations], accepts: () => true };
  const bytes = toPassphraseBytes(passphrase);
  try {
    const key = await deps.derivations.pbkdf2(call, bytes, how);
    if (key === undefined) throw sealed();
    try {
      return sealLocalMode(plain, key, salt.toString('base64'));
    } finally {
      key.fill(0);
    }
  } finally {
    bytes.fill(0);
  }
}

async function decryptVersion1(
  deps: KeyDeps,
  call: PrivacyCall,
  options: DecryptOptions & { readonly envelope: EnvelopeV1 | MiddlewareValue },
): Promise<PlainValue> {
  refuseIf(options.context, 'version_1_binds_nothing', 'Version 1 is bound to no context.');
  const bytes =
    options.passphrase === undefined
      ? openByKey(options.envelope, findLocalModeKey(deps, call, options))
      : await openByPassphrase(deps, call, { ...options, passphrase: options.passphrase });
  const plain = bytes && fromPlainBytes(options.as ?? 'bytes', bytes);
  if (plain === undefined) throw sealed();
  return plain;
}

function openByKey(
  envelope: EnvelopeV1 | MiddlewareValue,
  { bytes, salt }: LocalModeKey,
): Buffer | undefined {
  if ('salt' in envelope && envelope.salt !== salt) return undefined;
  return openLocalMode(envelope, bytes);
}

async function openByPassphrase(
  { derivations }: KeyDeps,
  call: PrivacyCall,
  {
    envelope,
    passphrase,
    iterations,
  }: DecryptOptions & {
    readonly envelope: EnvelopeV1 | MiddlewareValue;
    readonly passphrase: string | Uint8Array;
  },
): Promise<Buffer | undefined> {
  if (!('salt' in envelope)) {
    throw unfit('key_needed', 'The salt is kept elsewhere: derive the key from it first.');
  }
  const salt = readLocalModeSalt(envelope);
  if (salt === undefined) return undefined;
  let plain: Buffer | undefined;
  const accepts = (key: Buffer): boolean => {
    plain = openLocalMode(envelope, key);
    return plain !== undefined;
  };
  const tried = iterations === undefined ? PROBED_ITERATIONS : [iterations];
  const bytes = toPassphraseBytes(passphrase);
  try {
    const key = await derivations.pbkdf2(call, bytes, { salt, iterations: tried, accepts });
    key?.fill(0);
    return plain;
  } finally {
    bytes.fill(0);
  }
}

function findLocalModeKey(
  { sessionKeys }: KeyDeps,
  call: PrivacyCall,
  { key }: KeyChoice,
): LocalModeKey {
  const found = key === undefined ? undefined : sessionKeys.get(call.session.id, key);
  if (found !== undefined && 'bytes' in found) return found;
  throw unfit(
    'key_of_version_2',
    'Version 1 needs a passphrase, or a key that was derived with `iterations`.',
  );
}

function refuseIf(given: unknown, rule: string, message: string): void {
  if (given !== undefined) throw unfit(rule, message);
}
