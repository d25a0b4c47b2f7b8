import {
  constants,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifiesDigest } from '../../../../daemon/workers/verify/digest-signature.ts';
import type { DigestAlgorithm, SignedDigest } from '../../../../daemon/workers/verify/digests.ts';

const bytes = fc.uint8Array({ maxLength: 64 });
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const digestOf = (content: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): SignedDigest => ({
  algorithm,
  hex: createHash(algorithm).update(content).digest('hex'),
});

test('what node:crypto signed holds for its digest, and for no other', () => {
  fc.assert(
    fc.property(bytes, bytes, (content, other) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const signature = sign('sha256', content, privateKey);
      expect(verifiesDigest(publicKey, digestOf(content), signature)).toBe(true);
      expect(verifiesDigest(keys.publicKey, digestOf(content), signature)).toBe(false);
      expect(verifiesDigest(publicKey, digestOf(other), signature)).toBe(
        Buffer.from(content).equals(other),
      );
    }),
    { numRuns: 50 },
  );
});

test('a signature with other bytes holds where node:crypto says so, and nowhere else', () => {
  const content = Buffer.from('content');
  const good = sign('sha256', content, keys.privateKey);
  const mutation = fc.record({
    at: fc.nat({ max: good.length - 1 }),
    value: fc.integer({ min: 0, max: 255 }),
  });
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 2 }), (mutations) => {
      const signature = Buffer.from(good);
      for (const { at, value } of mutations) signature[at] = value;
      expect(verifiesDigest(keys.publicKey, digestOf(content), signature)).toBe(
        verify('sha256', content, keys.publicKey, signature),
      );
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['zeros', Buffer.from('3006020100020100', 'hex')],
  ['the order of the curve twice', orderTwice()],
  ['nothing', Buffer.alloc(0)],
  ['three numbers', Buffer.from('3009020101020101020101', 'hex')],
])('a signature of %s holds for nothing', (_, signature) => {
  expect(verifiesDigest(keys.publicKey, digestOf(Buffer.alloc(0)), signature)).toBe(false);
});

const ALGORITHMS = ['sha256', 'sha384', 'sha512'] as const;
const KINDS: readonly (readonly [
  kind: string,
  keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
])[] = [
  ...['P-256', 'P-384', 'P-521'].map(
    (namedCurve) => [namedCurve, generateKeyPairSync('ec', { namedCurve })] as const,
  ),
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
];

test.each(KINDS)('a %s key verifies each digest that it signed, and nothing else', (_, pair) => {
  const content = Buffer.from('content');
  for (const algorithm of ALGORITHMS) {
    const signature = sign(algorithm, content, pair.privateKey);
    const other = digestOf(Buffer.from('other'), algorithm);
    expect(verifiesDigest(pair.publicKey, digestOf(content, algorithm), signature)).toBe(true);
    expect(verifiesDigest(pair.publicKey, other, signature)).toBe(false);
    for (const wrong of ALGORITHMS.filter((one) => one !== algorithm)) {
      expect(verifiesDigest(pair.publicKey, digestOf(content, wrong), signature)).toBe(false);
    }
    signature.reverse();
    expect(verifiesDigest(pair.publicKey, digestOf(content, algorithm), signature)).toBe(false);
  }
});

test('an RSA signature with the other padding holds for nothing', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const signature = sign('sha256', Buffer.alloc(0), { key: privateKey, padding });
  expect(verifiesDigest(publicKey, digestOf(Buffer.alloc(0)), signature)).toBe(false);
});

test.each([
  ['ed25519', null, generateKeyPairSync('ed25519')],
  ['secp256k1', 'sha256', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
])('a key of another kind, %s, verifies nothing', (_, algorithm, { publicKey, privateKey }) => {
  const signature = sign(algorithm, Buffer.alloc(0), privateKey);
  expect(verifiesDigest(publicKey, digestOf(Buffer.alloc(0)), signature)).toBe(false);
});

function orderTwice(): Buffer {
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  return Buffer.from(`3046022100${order}022100${order}`, 'hex');
}
