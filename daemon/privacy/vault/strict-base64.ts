import { isBase64 } from '@locara/protocol';
import { unfit } from './vault-errors.ts';

/** The bytes of padded base64 that no other text of base64 stands for; undefined for anything else. */
export function decodeBase64(text: string, bytes?: number): Buffer | undefined {
  if (!isBase64(text)) return undefined;
  const decoded = Buffer.from(text, 'base64');
  if (bytes !== undefined && decoded.length !== bytes) return undefined;
  // Only in the last four characters can there be bits that stand for nothing.
  const last = text.slice(-4);
  return Buffer.from(last, 'base64').toString('base64') === last ? decoded : undefined;
}

/** The same of what a caller hands in. Throws InvalidParams (`rule: base64_unfit`). */
export function requireBase64(text: string): Buffer {
  const bytes = decodeBase64(text);
  if (bytes !== undefined) return bytes;
  throw unfit('base64_unfit', 'These bytes are not written in the one way that base64 has.');
}
