import { createHash } from 'node:crypto';
import { canonicalJson } from '@locara/protocol';

/** `sha256:<hex>` of raw bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The digest of a value, however its keys are ordered; members that are undefined count for nothing. */
export function digestOfJson(value: unknown): string {
  return digestOf(Buffer.from(canonicalJson(value)));
}
