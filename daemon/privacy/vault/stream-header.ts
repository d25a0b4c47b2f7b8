import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Argon2Parameters, parseUnknown, type VaultContext } from '@locara/protocol';
import { isAffordable } from './derivations.ts';
import { decodeFields, encodeFields, type Field } from './length-prefixed.ts';
import type { StreamKey } from './stream-cipher.ts';
import { sealed } from './vault-errors.ts';
import {
  COMMITMENT_BYTES,
  describeOrigin,
  hasOrigin,
  type KeyOrigin,
  OBJECT_SALT_BYTES,
  type VaultKey,
} from './vault-key.ts';

const LABEL = 'locara-vault-stream/2';
const MAX_HEADER_BYTES = 1024;

/** What goes before a stream: by which key it opens, and what makes that the key of this stream alone. */
export interface StreamHeader {
  readonly bytes: Buffer;
  readonly origin: KeyOrigin;
  readonly salt: Buffer;
  readonly commitment: Buffer;
}

/** A new stream, with a key of its own. */
export function beginStream(
  vaultKey: VaultKey,
  context: VaultContext,
): { readonly header: Buffer; readonly streamKey: StreamKey & { readonly key: Buffer } } {
  const salt = randomBytes(OBJECT_SALT_BYTES);
  const { key, commitment } = deriveStreamKey(vaultKey, salt, context);
  const header = encodeFields([LABEL, ...describeOrigin(vaultKey.origin), salt, commitment]);
  return { header, streamKey: { key, aad: describeStream(vaultKey, header, context) } };
}

/** The key of a stream that was begun. Throws Conflict (`rule: sealed`) where key, app or context is another. */
export function resumeStream(
  vaultKey: VaultKey,
  header: StreamHeader,
  context: VaultContext,
): StreamKey & { readonly key: Buffer } {
  const { key, commitment } = deriveStreamKey(vaultKey, header.salt, context);
  const isRight = timingSafeEqual(commitment, header.commitment);
  if (!isRight || !hasOrigin(header.origin, vaultKey.origin)) {
    key.fill(0);
    throw sealed();
  }
  return { key, aad: describeStream(vaultKey, header.bytes, context) };
}

/** Throws Conflict (`rule: sealed`) for what is no header, or asks for a key that costs too much or too little. */
export function parseStreamHeader(bytes: Buffer): StreamHeader {
  const fields = bytes.length > MAX_HEADER_BYTES ? undefined : decodeFields(bytes);
  if (fields === undefined || fields[0]?.toString() !== LABEL) throw sealed();
  const [salt, commitment] = fields.slice(-2);
  const origin = readOrigin(fields.slice(1, -2));
  const isWhole = salt?.length === OBJECT_SALT_BYTES && commitment?.length === COMMITMENT_BYTES;
  if (origin === undefined || !isWhole) throw sealed();
  const header = { bytes, origin, salt, commitment };
  const again = encodeFields([LABEL, ...describeOrigin(origin), salt, commitment]);
  if (!again.equals(bytes)) throw sealed();
  return header;
}

function readOrigin(fields: readonly (Buffer | undefined)[]): KeyOrigin | undefined {
  const [kind, first, ...rest] = fields.map((field) => field?.toString());
  if (kind === 'keyId' && rest.length === 0 && first !== undefined) return { keyId: first };
  const [memoryKib, passes, lanes, salt] = rest;
  if (kind !== 'kdf' || salt === undefined || rest.length !== 4) return undefined;
  const parsed = parseUnknown(Argon2Parameters, {
    name: first,
    memoryKib: Number(memoryKib),
    passes: Number(passes),
    lanes: Number(lanes),
  });
  if (!parsed.success || !isAffordable(parsed.data)) return undefined;
  return { kdf: { ...parsed.data, salt } };
}

function deriveStreamKey(vaultKey: VaultKey, salt: Buffer, { purpose }: VaultContext) {
  return vaultKey.deriveObjectKey(salt, { kind: 'stream', purpose });
}

/** Hashed, as each chunk is authenticated with it. */
function describeStream(vaultKey: VaultKey, header: Buffer, context: VaultContext): Buffer {
  const fields: Field[] = ['stream', header, ...vaultKey.describeBinding(context)];
  return createHash('sha256').update(encodeFields(fields)).digest();
}
