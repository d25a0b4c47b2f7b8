import { hkdfSync } from 'node:crypto';
import type { EnvelopeV2, VaultContext } from '@locara/protocol';
import { encodeFields, type Field } from './length-prefixed.ts';
import { vaultLocked } from './vault-errors.ts';

const OBJECT_KEY_BYTES = 32;
export const OBJECT_SALT_BYTES = 32;
export const COMMITMENT_BYTES = 32;

/** How an envelope says by which key it opens: the key of a database, or one that comes of a passphrase. */
export type KeyOrigin =
  | { readonly keyId: string; readonly kdf?: undefined }
  | { readonly kdf: NonNullable<EnvelopeV2['kdf']>; readonly keyId?: undefined };

/** For whom a key encrypts, and in which store of theirs: other apps and stores get other keys from the same bytes. */
export interface KeyOwner {
  readonly appId: string;
  /** The name of a database; empty for what is in none. */
  readonly store: string;
}

/** The key of one value or stream. The caller zeroes it. */
export interface ObjectKey {
  readonly key: Buffer;
  /** Only this key has it: a ciphertext that carries it opens by no other. */
  readonly commitment: Buffer;
}

/** A master key of 32 bytes, from which each value and each stream gets a key of its own. */
export class VaultKey {
  readonly origin: KeyOrigin;
  readonly owner: KeyOwner;
  readonly #master: Buffer;
  #isErased = false;

  /** Takes the bytes over. */
  constructor(master: Buffer, { origin, owner }: { origin: KeyOrigin; owner: KeyOwner }) {
    this.#master = master;
    this.origin = origin;
    this.owner = owner;
  }

  /** Throws Conflict (`rule: vault_locked`) once the key is erased. */
  deriveObjectKey(
    salt: Uint8Array,
    { kind, purpose }: { readonly kind: 'value' | 'stream'; readonly purpose: string | undefined },
  ): ObjectKey {
    if (this.#isErased) throw vaultLocked();
    const { appId, store } = this.owner;
    const info = encodeFields(['locara-vault', 'v2', kind, appId, purpose, store]);
    const bytes = hkdfSync('sha256', this.#master, salt, info, OBJECT_KEY_BYTES + COMMITMENT_BYTES);
    return {
      key: Buffer.from(bytes, 0, OBJECT_KEY_BYTES),
      commitment: Buffer.from(bytes, OBJECT_KEY_BYTES),
    };
  }

  /** What everything that is sealed by this key is bound to, as fields of its header. */
  describeBinding({ purpose, record, field }: VaultContext): Field[] {
    const { appId, store } = this.owner;
    return [appId, store, ...describeOrigin(this.origin), purpose, record, field];
  }

  get isErased(): boolean {
    return this.#isErased;
  }

  erase(): void {
    this.#isErased = true;
    this.#master.fill(0);
  }
}

/** Whether an envelope was sealed by a key of this origin. */
export function hasOrigin(
  { keyId, kdf }: Pick<EnvelopeV2, 'keyId' | 'kdf'>,
  origin: KeyOrigin,
): boolean {
  if (keyId !== undefined && kdf !== undefined) return false;
  const given = describeOrigin({ keyId, kdf } as KeyOrigin);
  return encodeFields(given).equals(encodeFields(describeOrigin(origin)));
}

/** As fields of a header. */
export function describeOrigin({ keyId, kdf }: KeyOrigin): Field[] {
  if (kdf === undefined) return ['keyId', keyId];
  const { name, memoryKib, passes, lanes, salt } = kdf;
  return ['kdf', name, String(memoryKib), String(passes), String(lanes), salt];
}
