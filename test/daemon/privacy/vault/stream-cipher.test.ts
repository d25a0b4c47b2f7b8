import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CHUNK_BYTES,
  createStreamDecryptor,
  createStreamEncryptor,
  type StreamCipher,
} from '../../../../daemon/privacy/vault/stream-cipher.ts';

const KEY = { key: randomBytes(32), aad: randomBytes(32) };
const SEALED_CHUNK = CHUNK_BYTES + 16;

function run(cipher: StreamCipher, bytes: Buffer, cuts: readonly number[] = []): Buffer {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  const sorted = places.toSorted((a, b) => a - b);
  const out: Buffer[] = [];
  for (const [index, end] of sorted.entries()) {
    out.push(...cipher.push(bytes.subarray(sorted[index - 1] ?? 0, end)));
  }
  return Buffer.concat([...out, cipher.finish()]);
}

const encrypt = (bytes: Buffer, cuts?: readonly number[], key = KEY): Buffer =>
  run(createStreamEncryptor(key), bytes, cuts);
const decrypt = (bytes: Buffer, cuts?: readonly number[], key = KEY): Buffer =>
  run(createStreamDecryptor(key), bytes, cuts);

/** What comes out before a stream is refused, and that it is. */
function released(bytes: Buffer): { out: Buffer; isRefused: boolean } {
  const cipher = createStreamDecryptor(KEY);
  const out: Buffer[] = [];
  try {
    for (const chunk of cipher.push(bytes)) out.push(chunk);
    out.push(cipher.finish());
    return { out: Buffer.concat(out), isRefused: false };
  } catch {
    return { out: Buffer.concat(out), isRefused: true };
  }
}

function chunksOf(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / SEALED_CHUNK);
  return Array.from({ length: count }, (_, at) =>
    bytes.subarray(at * SEALED_CHUNK, (at + 1) * SEALED_CHUNK),
  );
}

describe('a stream', () => {
  test.each([0, 1, 65_535, 65_536, 65_537, 131_072, 5 * 1024 * 1024 + 3])(
    'of %d bytes comes back',
    (size) => {
      const plain = randomBytes(size);
      const sealed = encrypt(plain);
      expect(sealed.length).toBe(size + 16 * Math.max(1, Math.ceil(size / CHUNK_BYTES)));
      expect(decrypt(sealed).equals(plain)).toBe(true);
    },
  );

  test('is the same however its pieces are cut, and may be cut otherwise when it is opened', () => {
    const plain = randomBytes(3 * CHUNK_BYTES);
    const whole = encrypt(plain);
    const cuts = fc.array(fc.oneof(fc.nat(), fc.constantFrom(65_535, 65_536, 65_552, 131_072)));
    fc.assert(
      fc.property(cuts, cuts, (one, other) => {
        expect(encrypt(plain, one).equals(whole)).toBe(true);
        expect(decrypt(whole, other).equals(plain)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('has each chunk under its number in 11 bytes and the flag of the last', () => {
    const plain = randomBytes(CHUNK_BYTES + 5);
    const raw = [plain.subarray(0, CHUNK_BYTES), plain.subarray(CHUNK_BYTES)].map((chunk, at) => {
      const nonce = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, at, at]);
      const cipher = createCipheriv('aes-256-gcm', KEY.key, nonce).setAAD(KEY.aad);
      return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    });
    expect(encrypt(plain).equals(Buffer.concat(raw))).toBe(true);
  });

  test('of several chunks is refused in any other order, number or length, and lets out only its true beginning', () => {
    const plain = randomBytes(4 * CHUNK_BYTES + 100);
    const chunks = chunksOf(encrypt(plain));
    const others = chunksOf(
      encrypt(randomBytes(plain.length), [], { ...KEY, key: randomBytes(32) }),
    );
    const pick = fc.array(fc.constantFrom(...chunks, ...others), { maxLength: 7 });
    fc.assert(
      fc.property(pick, fc.nat({ max: 20 }), (picked, cut) => {
        const joined = Buffer.concat(picked);
        const bytes = joined.subarray(0, Math.max(0, joined.length - cut));
        const { out, isRefused } = released(bytes);
        expect(isRefused).toBe(true);
        expect(out.equals(plain.subarray(0, out.length))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, (chunks: Buffer[]) => Buffer[]]>([
    ['cut off after a chunk', (chunks) => chunks.slice(0, -1)],
    ['cut off to nothing', () => []],
    ['followed by its last chunk again', (chunks) => [...chunks, ...chunks.slice(-1)]],
    ['followed by one byte', (chunks) => [...chunks, Buffer.from('x')]],
    [
      'in another order',
      (chunks) => [...chunks.slice(1, 2), ...chunks.slice(0, 1), ...chunks.slice(2)],
    ],
    ['with a chunk twice', (chunks) => [...chunks.slice(0, 1), ...chunks]],
    ['without its first chunk', (chunks) => chunks.slice(1)],
  ])('is refused when it is %s', (_, change) => {
    const chunks = chunksOf(encrypt(randomBytes(3 * CHUNK_BYTES)));
    expect(released(Buffer.concat(change(chunks))).isRefused).toBe(true);
  });

  test('that ends in an empty chunk after others is refused', () => {
    const plain = randomBytes(CHUNK_BYTES);
    const seal = (chunk: Buffer, at: number, flag: number): Buffer => {
      const nonce = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, at, flag]);
      const cipher = createCipheriv('aes-256-gcm', KEY.key, nonce).setAAD(KEY.aad);
      return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    };
    const forged = Buffer.concat([seal(plain, 0, 0), seal(Buffer.alloc(0), 1, 1)]);
    expect(released(forged)).toMatchObject({ isRefused: true });
  });

  test('is refused with one bit changed anywhere', () => {
    const sealed = encrypt(randomBytes(CHUNK_BYTES + 100));
    fc.assert(
      fc.property(fc.nat({ max: sealed.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(released(changed).isRefused).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('under other associated data is refused', () => {
    const sealed = encrypt(randomBytes(10));
    expect(() => decrypt(sealed, [], { ...KEY, aad: randomBytes(32) })).toThrow(/does not open/);
  });
});
