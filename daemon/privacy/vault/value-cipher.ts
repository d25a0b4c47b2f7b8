import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { EnvelopeV2, VaultContext } from '@locara/protocol';
import { decryptAesGcm, encryptAesGcm, IV_BYTES, TAG_BYTES } from './aes-gcm.ts';
import { encodeFields } from './length-prefixed.ts';
import { fromPlainBytes, type PlainValue, toPlainBytes } from './plain-value.ts';
import { decodeBase64 } from './strict-base64.ts';
import { sealed } from './vault-errors.ts';
import { COMMITMENT_BYTES, hasOrigin, OBJECT_SALT_BYTES, type VaultKey } from './vault-key.ts';

/** Seals and opens values with one key, for one app. */
export interface ValueCipher {
  /** Throws InvalidParams (`rule: not_json`) for JSON that is none. */
  seal(plain: PlainValue, context: VaultContext): EnvelopeV2;
  /** Throws Conflict (`rule: sealed`) on any mismatch: another key, app, context or type, or one changed bit. */
  open(envelope: EnvelopeV2, context: VaultContext): PlainValue;
}

/** The same in steps, between which others may come first. */
export interface SteppedCipher extends ValueCipher {
  /** Seals what `toPlainBytes` made of a value; the bytes stay the caller's. */
  sealBytes(plain: PlainBytes, context: VaultContext): EnvelopeV2;
  /** The bytes of what `open` answers, authentic but not read yet. */
  openBytes(envelope: EnvelopeV2, context: VaultContext): Buffer;
}

export interface PlainBytes {
  readonly type: PlainValue['type'];
  readonly bytes: Buffer;
}

/** Both throw Conflict (`rule: vault_locked`) once the key is erased. */
export function createValueCipher(vaultKey: VaultKey): SteppedCipher {
  return {
    seal: (plain, context) => {
      const bytes = toPlainBytes(plain);
      try {
        return seal(vaultKey, { type: plain.type, bytes }, context);
      } finally {
        erasePlainBytes({ type: plain.type, bytes });
      }
    },
    sealBytes: (plain, context) => seal(vaultKey, plain, context),
    open: (envelope, context) => {
      const bytes = open(vaultKey, envelope, context);
      const value = bytes && fromPlainBytes(envelope.type, bytes);
      if (value === undefined) throw sealed();
      return value;
    },
    openBytes: (envelope, context) => {
      const bytes = open(vaultKey, envelope, context);
      if (bytes === undefined) throw sealed();
      return bytes;
    },
  };
}

/** A text's bytes were made by `toPlainBytes`; those of a view are its owner's. */
export function erasePlainBytes({ type, bytes }: PlainBytes): void {
  if (type === 'string' || type === 'json') bytes.fill(0);
}

function seal(vaultKey: VaultKey, { type, bytes }: PlainBytes, context: VaultContext): EnvelopeV2 {
  const random = randomBytes(OBJECT_SALT_BYTES + IV_BYTES);
  const salt = random.subarray(0, OBJECT_SALT_BYTES);
  const iv = random.subarray(OBJECT_SALT_BYTES);
  const { purpose } = context;
  const { key, commitment } = vaultKey.deriveObjectKey(salt, { kind: 'value', purpose });
  try {
    const aad = describeHeader(vaultKey, type, context);
    return {
      version: 2,
      algorithm: 'A256GCM',
      type,
      ...vaultKey.origin,
      salt: salt.toString('base64'),
      commitment: commitment.toString('base64'),
      iv: iv.toString('base64'),
      ciphertext: encryptAesGcm({ key, iv, aad }, bytes).toString('base64'),
    };
  } finally {
    key.fill(0);
  }
}

function open(vaultKey: VaultKey, envelope: EnvelopeV2, context: VaultContext): Buffer | undefined {
  const salt = decodeBase64(envelope.salt, OBJECT_SALT_BYTES);
  const given = decodeBase64(envelope.commitment, COMMITMENT_BYTES);
  const iv = decodeBase64(envelope.iv, IV_BYTES);
  const ciphertext = decodeBase64(envelope.ciphertext);
  if (salt === undefined || given === undefined || iv === undefined) return undefined;
  if (ciphertext === undefined || ciphertext.length < TAG_BYTES) return undefined;
  const { purpose } = context;
  const { key, commitment } = vaultKey.deriveObjectKey(salt, { kind: 'value', purpose });
  try {
    if (!hasOrigin(envelope, vaultKey.origin) || !timingSafeEqual(commitment, given)) {
      return undefined;
    }
    const aad = describeHeader(vaultKey, envelope.type, context);
    return decryptAesGcm({ key, iv, aad }, ciphertext);
  } finally {
    key.fill(0);
  }
}

/** What is authenticated beside the value: all that its envelope says, and where it belongs. */
function describeHeader(
  vaultKey: VaultKey,
  type: PlainValue['type'],
  context: VaultContext,
): Buffer {
  return encodeFields(['value', '2', 'A256GCM', type, ...vaultKey.describeBinding(context)]);
}
