import { randomBytes } from 'node:crypto';
import { EnvelopeV2, RpcError, type VaultContext } from '@locara/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlainValue } from '../../../../daemon/privacy/vault/plain-value.ts';
import { createValueCipher } from '../../../../daemon/privacy/vault/value-cipher.ts';
import { type KeyChanges, MASTER, vaultKeyOf } from '../../../support/vault.ts';

const CONTEXT: VaultContext = { purpose: 'notes', record: 'r1', field: 'body' };
const TEXT: PlainValue = { type: 'string', value: 'sensitive data' };

function seal(plain: PlainValue, context = CONTEXT): EnvelopeV2 {
  return createValueCipher(vaultKeyOf()).seal(plain, context);
}

function open(envelope: EnvelopeV2, context = CONTEXT, changes: KeyChanges = {}): PlainValue {
  return createValueCipher(vaultKeyOf(changes)).open(envelope, context);
}

function refusalOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return [error.reason, error.message, error.details];
  }
}

const LOOPED: unknown[] = [];
LOOPED.push(LOOPED);

const SEALED = [
  'Conflict',
  'It does not open: the key, the passphrase, the app, the context or the type is another, or it was changed.',
  { rule: 'sealed' },
];

const json = fc.jsonValue().map((value): unknown => value);

function asText({ type, value }: PlainValue): string {
  const comparable = type === 'bytes' ? Buffer.from(value).toString('hex') : value;
  return JSON.stringify([type, comparable]);
}

test('a key that is spelt with an escape stays itself, whatever was opened before', () => {
  for (const value of [
    { a: 1, '\\': 2 },
    { a: 1, '"': 3 },
  ]) {
    expect(open(seal({ type: 'json', value }))).toEqual({ type: 'json', value });
  }
});

describe('a sealed value', () => {
  test.each(['name', 'memoryKib', 'passes', 'lanes', 'salt'])(
    'is none where it does not say the %s by which its key comes of a passphrase',
    (left) => {
      const kdf = { ...KDF, salt: randomBytes(16).toString('base64') };
      const envelope = createValueCipher(vaultKeyOf({ origin: { kdf } })).seal(TEXT, {});
      expect(EnvelopeV2.safeParse(envelope).success).toBe(true);
      const vague = { ...envelope, kdf: { ...kdf, [left]: undefined } };
      expect(EnvelopeV2.safeParse(vague).success).toBe(false);
    },
  );

  test('comes back in its type, whatever it is', () => {
    const plain = fc.oneof(
      fc.string({ unit: 'binary' }).map((value) => ({
        type: 'string' as const,
        value: value.toWellFormed(),
      })),
      fc.uint8Array().map((value) => ({ type: 'bytes' as const, value })),
      json.map((value) => ({ type: 'json' as const, value })),
    );
    fc.assert(
      fc.property(plain, (value) => {
        const envelope = seal(value);
        expect(EnvelopeV2.parse(JSON.parse(JSON.stringify(envelope)))).toEqual(envelope);
        expect(asText(open(envelope))).toBe(asText(value));
      }),
    );
  });

  test('that is JSON keeps its types and the sign of zero', () => {
    const value = { digits: '123', flag: 'true', n: 123, zero: [-0, 0], lone: '\ud800', e: 1e300 };
    const opened = open(seal({ type: 'json', value })).value as typeof value;
    expect(opened).toEqual(value);
    expect(Object.is(opened.zero[0], -0)).toBe(true);
    expect(Object.is(open(seal({ type: 'json', value: -0 })).value, -0)).toBe(true);
  });

  test('that is a view of a vector holds exactly what it shows, bit by bit', () => {
    const backing = new Float32Array(8).fill(7);
    backing.set([NaN, -0, 3.4028234663852886e38, 1.401298464324817e-45], 2);
    new Uint32Array(backing.buffer)[2] = 0xffc12345;
    const view = backing.subarray(2, 6);
    const envelope = seal({ type: 'vector', value: view });
    expect(Buffer.from(envelope.ciphertext, 'base64').length).toBe(16 + 16);
    const opened = open(envelope).value as Float32Array;
    const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
      Buffer.from(buffer, byteOffset, byteLength).toString('hex');
    expect(bytesOf(opened)).toBe(bytesOf(view));
  });

  test.each([
    ['undefined', undefined],
    ['NaN', [NaN]],
    ['Infinity', { a: Infinity }],
    ['a hole', [1, , 2]],
    ['undefined inside', { a: undefined }],
    ['a big integer', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a function', () => 1],
    ['what goes around', LOOPED],
  ])('is refused where JSON cannot say it: %s', (_, value) => {
    expect(refusalOf(() => seal({ type: 'json', value }))).toEqual([
      'InvalidParams',
      'The value is not JSON, or nested too deeply.',
      { rule: 'not_json' },
    ]);
  });

  test('opens nowhere else, and never says why', () => {
    const envelope = seal(TEXT);
    const attempts: (() => unknown)[] = [
      () => open(envelope, {}),
      () => open(envelope, { ...CONTEXT, purpose: 'other' }),
      () => open(envelope, { ...CONTEXT, record: 'r2' }),
      () => open(envelope, { ...CONTEXT, field: '' }),
      () => open(envelope, { purpose: 'notes', record: 'r1body' }),
      () => open(seal(TEXT, {}), { purpose: '' }),
      () => open(envelope, CONTEXT, { appId: 'acme/other' }),
      () => open(envelope, CONTEXT, { store: 'other' }),
      () => open(envelope, CONTEXT, { master: randomBytes(32) }),
      () => open(envelope, CONTEXT, { origin: { keyId: 'k2' } }),
      () => open({ ...envelope, keyId: 'k2' }, CONTEXT, { origin: { keyId: 'k2' } }),
      () => open({ ...envelope, type: 'bytes' }),
      () => open({ ...envelope, commitment: seal(TEXT).commitment }),
      () => open({ ...envelope, salt: '' }),
      () => open({ ...envelope, iv: '' }),
      () => open({ ...envelope, ciphertext: '' }),
      () => open({ ...envelope, iv: 'not base64' }),
      () => open({ ...envelope, kdf: { ...KDF, salt: envelope.salt } }),
    ];
    for (const attempt of attempts) expect(refusalOf(attempt)).toEqual(SEALED);
  });

  test('does not open once one bit is changed anywhere, or its base64 is written in another way', () => {
    const envelope = seal(TEXT);
    fc.assert(
      fc.property(
        fc.constantFrom('salt', 'commitment', 'iv', 'ciphertext'),
        fc.nat(),
        fc.nat({ max: 7 }),
        (field, at, bit) => {
          const bytes = Buffer.from(envelope[field], 'base64');
          const place = at % bytes.length;
          bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
          const changed = { ...envelope, [field]: bytes.toString('base64') };
          expect(refusalOf(() => open(changed))).toEqual(SEALED);
        },
      ),
      { numRuns: 300 },
    );
    // The same 32 bytes, with bits in the last character that stand for nothing.
    const last = envelope.salt.at(-2) ?? '';
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const other = letters[letters.indexOf(last) ^ 1] ?? '';
    const salt = `${envelope.salt.slice(0, -2)}${other}=`;
    expect(Buffer.from(salt, 'base64')).toEqual(Buffer.from(envelope.salt, 'base64'));
    expect(refusalOf(() => open({ ...envelope, salt }))).toEqual(SEALED);
  });

  test('is sealed by another key and another nonce each time', () => {
    const envelopes = Array.from({ length: 100 }, () => seal(TEXT));
    for (const field of ['salt', 'commitment', 'iv', 'ciphertext'] as const) {
      expect(new Set(envelopes.map((envelope) => envelope[field])).size).toBe(100);
    }
  });
});

const KDF = { name: 'argon2id', memoryKib: 19456, passes: 2, lanes: 1 } as const;

test('an erased key seals and opens nothing: it would be a key of zeroes', () => {
  const key = vaultKeyOf();
  const cipher = createValueCipher(key);
  const envelope = cipher.seal(TEXT, CONTEXT);
  key.erase();
  for (const act of [() => cipher.seal(TEXT, CONTEXT), () => cipher.open(envelope, CONTEXT)]) {
    expect(refusalOf(act)).toMatchObject([
      'Conflict',
      expect.any(String),
      { rule: 'vault_locked' },
    ]);
  }
  expect(MASTER.equals(Buffer.alloc(32))).toBe(false);
});
