import { constants, type KeyObject, publicDecrypt } from 'node:crypto';
import { ASN1Obj } from '@sigstore/core';
import type { DigestAlgorithm, SignedDigest } from './digests.ts';
import { type Curve, CURVES, invert, sumOfMultiples } from './nist-curves.ts';

const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** The longest length that DER writes in one byte, and what it writes before a longer one's. */
const SHORT_LENGTH = 0x7f;
const LONG_LENGTH = 0x81;

/** What stands before the digest in an RSA signature (RFC 8017, section 9.2). */
const RSA_PREFIXES: Readonly<Record<DigestAlgorithm, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/**
 * Whether an ECDSA (NIST curves) or RSA (PKCS #1 v1.5) signature is over something with that digest, for
 * those who have the digest alone: node:crypto asks for the bytes. Everything in it is public, so its
 * timing tells nothing. Keys of other kinds verify nothing.
 */
export function verifiesDigest(
  key: KeyObject,
  digest: SignedDigest,
  signature: Uint8Array,
): boolean {
  if (key.asymmetricKeyType === 'rsa') return verifiesByRsa(key, digest, signature);
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  return curve !== undefined && verifiesByEcdsa({ key, curve }, digest, signature);
}

function verifiesByRsa(key: KeyObject, digest: SignedDigest, signature: Uint8Array): boolean {
  try {
    const signed = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
    return signed.toString('hex') === RSA_PREFIXES[digest.algorithm] + digest.hex;
  } catch {
    return false;
  }
}

function verifiesByEcdsa(
  { key, curve }: { readonly key: KeyObject; readonly curve: Curve },
  digest: SignedDigest,
  signature: Uint8Array,
): boolean {
  const { n } = curve;
  const pair = readSignature(signature, n);
  if (pair === undefined) return false;
  const { r, s } = pair;
  const w = invert(s, n);
  const x = sumOfMultiples(curve, pointOf(key), [(numberOf(digest, n) * w) % n, (r * w) % n]);
  return x !== undefined && x % n === r;
}

/** As many of the digest's first bits as the order `n` of the curve has. */
function numberOf({ hex }: SignedDigest, n: bigint): bigint {
  const excess = hex.length * 4 - n.toString(2).length;
  return BigInt(`0x${hex}`) >> BigInt(Math.max(0, excess));
}

function readSignature(
  der: Uint8Array,
  n: bigint,
): { readonly r: bigint; readonly s: bigint } | undefined {
  try {
    const numbers = ASN1Obj.parseBuffer(Buffer.from(der)).subs.map((sub) => sub.toInteger());
    const [r = 0n, s = 0n] = numbers;
    const isInRange = r > 0n && r < n && s > 0n && s < n;
    // One spelling for the same pair, as OpenSSL has it.
    return isInRange && encodeSignature(r, s).equals(der) ? { r, s } : undefined;
  } catch {
    return undefined;
  }
}

function encodeSignature(...numbers: readonly [r: bigint, s: bigint]): Buffer {
  const encoded = numbers.map((number) => {
    const hex = number.toString(16);
    const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
    const sign = (bytes[0] ?? 0) >= 0x80 ? [0] : [];
    return Buffer.from([INTEGER, sign.length + bytes.length, ...sign, ...bytes]);
  });
  const content = Buffer.concat(encoded);
  const long = content.length > SHORT_LENGTH ? [LONG_LENGTH] : [];
  return Buffer.concat([Buffer.of(SEQUENCE, ...long, content.length), content]);
}

/** node:crypto has checked that it lies on the curve. */
function pointOf(key: KeyObject): { readonly x: bigint; readonly y: bigint } {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const toInteger = (part: string): bigint =>
    BigInt(`0x${Buffer.from(part, 'base64url').toString('hex')}`);
  return { x: toInteger(x), y: toInteger(y) };
}
