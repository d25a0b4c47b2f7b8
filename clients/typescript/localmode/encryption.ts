import { isAnyArrayBuffer } from 'node:util/types';
import type { Result, VaultValue } from '@locara/protocol';
import { toWire } from '../wire-values.ts';
import type { ClientSource } from './client-source.ts';
import { toBytes, toFloats, toJson, toText } from './opened-value.ts';
import { type Secret, toKeyFields } from './secret.ts';

/** What was encrypted, with everything that opening it needs but the passphrase. */
export type EncryptedData = Result<'vault.encrypt'>['envelope'];
/** As LocalMode writes and reads it: PBKDF2, bound to nothing but the passphrase. */
export type EncryptedDataV1 = Extract<EncryptedData, { readonly version: 1 }>;
/** Argon2id, a key for each value with a commitment; opens in this app alone, as the type that it is. */
export type EncryptedDataV2 = Extract<EncryptedData, { readonly version: 2 }>;

type Decrypt<Value> = (
  encrypted: EncryptedData,
  secret: Secret,
  iterations?: number,
) => Promise<Value>;

/**
 * `encrypt*` write version 2, and LocalMode's version 1 when `iterations` are given (or the key is by PBKDF2).
 * `decrypt*` read both; version 1 does not say its iterations, so that those in use are tried where none are given.
 */
export interface Encryption {
  readonly encrypt: (
    data: string | ArrayBuffer | ArrayBufferView,
    secret: Secret,
    iterations?: number,
  ) => Promise<EncryptedData>;
  /** The bytes of whatever was encrypted: of a text in UTF-8, of a vector its little-endian floats. */
  readonly decrypt: Decrypt<ArrayBuffer>;
  readonly decryptString: Decrypt<string>;
  /** Exactly these floats, also where they are a part of a longer buffer. */
  readonly encryptVector: (
    vector: Float32Array,
    secret: Secret,
    iterations?: number,
  ) => Promise<EncryptedData>;
  readonly decryptVector: Decrypt<Float32Array>;
  readonly encryptJSON: (
    data: unknown,
    secret: Secret,
    iterations?: number,
  ) => Promise<EncryptedData>;
  /** Of the type that the caller says: it is not checked. */
  readonly decryptJSON: <Value = unknown>(
    encrypted: EncryptedData,
    secret: Secret,
    iterations?: number,
  ) => Promise<Value>;
}

export function createEncryption(client: ClientSource): Encryption {
  const seal = async (
    value: VaultValue,
    secret: Secret,
    iterations: number | undefined,
  ): Promise<EncryptedData> => {
    const version = iterations === undefined && !isOfVersion1(secret) ? 2 : 1;
    const params = { value, ...toKey(secret), version, iterations } as const;
    return (await client().vault.encrypt(params)).envelope;
  };
  const open: Decrypt<VaultValue> = async (envelope, secret, iterations) => {
    // Version 2 says how its key is derived: what a caller has always given changes nothing.
    const hint = envelope.version === 1 ? { iterations } : {};
    const params = { envelope, ...toKey(secret), ...hint };
    return (await client().vault.decrypt(params)).value;
  };
  return {
    encrypt: async (data, ...how) => seal(toValue(data), how[0], how[1]),
    encryptVector: async (vector, ...how) => seal(toVector(vector), how[0], how[1]),
    encryptJSON: (json, ...how) => seal({ json }, how[0], how[1]),
    decrypt: async (...given) => toBytes(await open(...given)),
    decryptString: async (...given) => toText(await open(...given)),
    decryptVector: async (...given) => toFloats(await open(...given)),
    decryptJSON: async <Value>(...given: Parameters<Decrypt<Value>>) =>
      toJson(await open(...given)) as Value,
  };
}

function toKey(secret: Secret) {
  return typeof secret === 'string' ? { passphrase: secret } : toKeyFields(secret);
}

function isOfVersion1(secret: Secret): boolean {
  return typeof secret === 'object' && 'kdf' in secret && secret.kdf.name === 'pbkdf2';
}

/** Throws TypeError for what is neither, where nothing checks types: of a number, zeroes would be encrypted. */
function toValue(data: string | ArrayBuffer | ArrayBufferView): VaultValue {
  if (typeof data === 'string') return { text: data };
  if (ArrayBuffer.isView(data)) {
    return toWire(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  if (isAnyArrayBuffer(data)) return toWire(new Uint8Array(data));
  throw new TypeError(
    'Give a text or bytes; for others there are `encryptJSON` and `encryptVector`.',
  );
}

function toVector(vector: Float32Array): VaultValue {
  if (!(vector instanceof Float32Array)) throw new TypeError('Give the vector as a Float32Array.');
  return { vector: toWire(vector) };
}
