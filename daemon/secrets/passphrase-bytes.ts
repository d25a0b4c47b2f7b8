import { allocateSecret, copySecret } from './secret-bytes.ts';

/** The bytes that a passphrase is, exactly as it was typed. The caller zeroes them. */
export function toPassphraseBytes(passphrase: string | Uint8Array): Buffer {
  if (typeof passphrase !== 'string') return copySecret(passphrase);
  const bytes = allocateSecret(Buffer.byteLength(passphrase));
  bytes.write(passphrase);
  return bytes;
}

/**
 * The bytes that a passphrase is in Unicode's form NFC, typed on whatever keyboard. The caller zeroes them. A
 * text that was made could not be erased: only what combines with its neighbours becomes one, piece by piece.
 */
export function toNormalizedBytes(passphrase: string | Uint8Array): Buffer {
  const typed = toPassphraseBytes(passphrase);
  const parts = splitAtStarters(typed).map((part) =>
    part.length === codePointBytes(part, 0) && isStarter(codePointAt(part, 0))
      ? part
      : toPassphraseBytes(part.toString().normalize('NFC')),
  );
  const bytes = allocateSecret(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
    part.fill(0);
  }
  typed.fill(0);
  return bytes;
}

/**
 * What surely begins anew, and is itself in NFC: code points that combine with nothing before them. The list need
 * not be whole: what is not on it stays with what is before it.
 */
const STARTERS: readonly (readonly [first: number, last: number])[] = [
  [0x0000, 0x02ff],
  [0x0400, 0x0482],
  [0x048a, 0x052f],
  [0x3041, 0x3096],
  [0x30a1, 0x30fa],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0x1f300, 0x1faff],
];

export function isStarter(codePoint: number): boolean {
  return STARTERS.some(([first, last]) => codePoint >= first && codePoint <= last);
}

function splitAtStarters(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length; at += codePointBytes(bytes, at)) {
    if (at > start && isStarter(codePointAt(bytes, at))) {
      parts.push(bytes.subarray(start, at));
      start = at;
    }
  }
  if (start < bytes.length) parts.push(bytes.subarray(start));
  return parts;
}

/** How many bytes the code point takes that begins here, in well-formed UTF-8. */
function codePointBytes(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

function codePointAt(bytes: Uint8Array, at: number): number {
  const count = codePointBytes(bytes, at);
  const first = bytes[at] ?? 0;
  if (count === 1) return first;
  let codePoint = first & (0x7f >> count);
  for (let next = 1; next < count; next += 1) {
    codePoint = (codePoint << 6) | ((bytes[at + next] ?? 0) & 0x3f);
  }
  return codePoint;
}
