import type { EnvelopeV2, VaultContext } from '@locara/protocol';

/** A value in the type in which it comes back. */
export type PlainValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'json'; readonly value: unknown }
  | { readonly type: 'vector'; readonly value: Float32Array };

/** Seals and opens values with one key, for one app. */
export interface ValueCipher {
  seal(plain: PlainValue, context: VaultContext): EnvelopeV2;
  /** Throws Conflict (`rule: sealed`) on any mismatch: another key, app, context or type, or one changed bit. */
  open(envelope: EnvelopeV2, context: VaultContext): PlainValue;
}
