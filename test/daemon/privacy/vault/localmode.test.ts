import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvelopeV1 } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { PlainValue } from '../../../../daemon/privacy/vault/plain-value.ts';
import type { Openable } from '../../../../daemon/privacy/vault/values.ts';
import { callOf, openVault } from '../../../support/vault.ts';

interface Vectors {
  readonly vectors: readonly (Case & { plaintext: string })[];
  readonly vectorVectors: readonly (Case & { float32leHex: string })[];
  readonly jsonVectors: readonly (Case & { value: unknown })[];
  readonly middleware: readonly {
    passphrase: string;
    saltB64: string;
    iterations: number;
    storedVectorBytesHex: string;
    storedMetadata: Record<string, { __encrypted: true; ciphertext: string; iv: string }>;
    input: { vector: number[]; metadata: Record<string, unknown> };
  }[];
}
interface Case {
  readonly passphrase: string;
  readonly iterations: number;
  readonly encrypted: EnvelopeV1;
}

const FILE = join(import.meta.dirname, '../../../fixtures/localmode/vectors.json');
const VECTORS = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors;
const call = callOf();
const vault = openVault();

/** As LocalMode decrypts, by WebCrypto alone. */
async function decryptAsLocalMode(
  { ciphertext, iv, salt }: EnvelopeV1,
  passphrase: string,
  iterations = 100_000,
): Promise<Buffer> {
  const bytesOf = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const key = await deriveAsLocalMode(passphrase, bytesOf(salt), iterations);
  const params = { name: 'AES-GCM', iv: bytesOf(iv) };
  return Buffer.from(await crypto.subtle.decrypt(params, key, bytesOf(ciphertext)));
}

/** As LocalMode encrypts, by WebCrypto alone. */
async function encryptAsLocalMode(
  plain: Uint8Array<ArrayBuffer>,
  passphrase: string,
  iterations: number,
): Promise<EnvelopeV1> {
  const textOf = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await deriveAsLocalMode(passphrase, salt, iterations);
  const ciphertext = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, plain);
  return {
    ciphertext: textOf(new Uint8Array(ciphertext)),
    iv: textOf(iv),
    salt: textOf(salt),
    algorithm: 'AES-GCM',
    version: 1,
  };
}

async function deriveAsLocalMode(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(passphrase),
    'PBKDF2',
    false,
    ['deriveKey'],
  );
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', salt, iterations, hash: 'SHA-256' },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

const hexOf = (floats: unknown): string => {
  const { buffer, byteOffset, byteLength } = floats as Float32Array;
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
};

describe("LocalMode's envelopes", () => {
  test.each(VECTORS.vectors)('of texts open, iterations given or tried', async (given) => {
    const { encrypted, iterations, plaintext: value } = given;
    const passphrase = Buffer.from(given.passphrase);
    for (const told of [iterations, undefined]) {
      const options = { passphrase, iterations: told, as: 'string' as const };
      expect(await vault.decrypt(call, encrypted, options)).toEqual({ type: 'string', value });
    }
  });

  test.each(VECTORS.vectorVectors)('of vectors open bit by bit', async (given) => {
    const { encrypted, passphrase, float32leHex } = given;
    const { value } = await vault.decrypt(call, encrypted, { passphrase, as: 'vector' });
    expect(hexOf(value)).toBe(float32leHex);
  });

  test.each(VECTORS.jsonVectors)('of JSON open', async ({ encrypted, value, ...given }) => {
    const options = { ...given, as: 'json' as const };
    expect(await vault.decrypt(call, encrypted, options)).toEqual({ type: 'json', value });
  });

  test.each<[string, PlainValue, string]>([
    ['a text', { type: 'string', value: 'Grüße 👋\u0000' }, 'pässwörd-密碼-🔐'],
    ['nothing', { type: 'string', value: '' }, ''],
    ['bytes', { type: 'bytes', value: Buffer.from([0, 255, 1]) }, 'e\u0301'],
    ['JSON', { type: 'json', value: { a: ['123', -0, null] } }, 'x'],
    [
      'part of a vector',
      { type: 'vector', value: new Float32Array([9, 1, -0, 9]).subarray(1, 3) },
      'x',
    ],
  ])('of %s are written so that WebCrypto opens them', async (_, plain, passphrase) => {
    const envelope = await vault.encrypt(call, plain, { version: 1, passphrase });
    expect(envelope).toEqual({
      ciphertext: expect.any(String) as string,
      iv: expect.stringMatching(/^.{16}$/) as string,
      salt: expect.stringMatching(/^.{22}==$/) as string,
      algorithm: 'AES-GCM',
      version: 1,
    });
    const opened = await decryptAsLocalMode(envelope as EnvelopeV1, passphrase);
    const expected = {
      string: () => Buffer.from(plain.value as string),
      bytes: () => Buffer.from(plain.value as Uint8Array),
      json: () => Buffer.from('{"a":["123",-0,null]}'),
      vector: () => Buffer.from('0000803f00000080', 'hex'),
    };
    expect(opened).toEqual(expected[plain.type]());
  });

  test('are written with as many iterations as are asked for', async () => {
    const plain: PlainValue = { type: 'string', value: 'a' };
    const options = { version: 1 as const, passphrase: 'p', iterations: 1234 };
    const envelope = (await vault.encrypt(call, plain, options)) as EnvelopeV1;
    expect((await decryptAsLocalMode(envelope, 'p', 1234)).toString()).toBe('a');
    const wrong = vault.decrypt(call, envelope, { passphrase: 'p', iterations: 1235 });
    await expect(wrong).rejects.toMatchObject({ details: { rule: 'sealed' } });
  });

  test.each([100_000, 600_000])(
    'go both ways between WebCrypto and us, the passphrase as it was typed: %i iterations',
    async (iterations) => {
      const decomposed = 'Cafe\u0301 \u1112\u1161\u11ab';
      const value = 'Grüße 👋';
      const bytes = new TextEncoder().encode(value);
      const theirs = await encryptAsLocalMode(bytes, decomposed, iterations);
      for (const told of [iterations, undefined]) {
        const options = { passphrase: decomposed, iterations: told, as: 'string' as const };
        expect(await vault.decrypt(call, theirs, options)).toEqual({ type: 'string', value });
      }
      const composed = vault.decrypt(call, theirs, { passphrase: decomposed.normalize() });
      await expect(composed).rejects.toMatchObject({ details: { rule: 'sealed' } });
      const options = { version: 1 as const, passphrase: decomposed, iterations };
      const ours = await vault.encrypt(call, { type: 'string', value }, options);
      const opened = await decryptAsLocalMode(ours as EnvelopeV1, decomposed, iterations);
      expect(opened.toString()).toBe(value);
    },
  );

  test('stay shut to another passphrase, a changed bit and another type, in one way', async () => {
    const { encrypted, passphrase } = VECTORS.vectors[0] as Case;
    const iterations = 100_000;
    const attempts = [
      () => vault.decrypt(call, encrypted, { passphrase: 'other', iterations }),
      () => vault.decrypt(call, { ...encrypted, iv: encrypted.salt }, { passphrase, iterations }),
      () => vault.decrypt(call, { ...encrypted, salt: encrypted.iv }, { passphrase, iterations }),
      () => vault.decrypt(call, { ...encrypted, ciphertext: '' }, { passphrase, iterations }),
      () => vault.decrypt(call, encrypted, { passphrase, iterations, as: 'json' }),
      () => vault.decrypt(call, encrypted, { passphrase, iterations, as: 'vector' }),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({
        reason: 'Conflict',
        message: expect.stringMatching(/^It does not open: /) as string,
        details: { rule: 'sealed' },
      });
    }
  });
});

describe("what LocalMode's middleware left", () => {
  test.each(VECTORS.middleware)('opens by a key derived by PBKDF2', async (given) => {
    const { passphrase, saltB64: salt, iterations, storedMetadata, input } = given;
    const { key } = await vault.deriveKey(call, { passphrase, salt, iterations });
    const open = async (envelope: Openable, as: PlainValue['type']): Promise<unknown> =>
      (await vault.decrypt(call, envelope, { key, as })).value;
    const stored = Buffer.from(given.storedVectorBytesHex, 'hex');
    const vector = new Float32Array(Uint8Array.from(stored).buffer);
    expect(await open({ vector }, 'vector')).toEqual(Float32Array.from(input.vector));
    const openField = (name: string, as: PlainValue['type']): Promise<unknown> =>
      open(storedMetadata[name] ?? { ciphertext: '', iv: '' }, as);
    expect(await openField('secret', 'string')).toBe('data');
    expect(await openField('n', 'json')).toBe(42);
    // A text that looks like a number stays a text.
    expect(await openField('digits', 'string')).toBe('123');
    expect(await openField('flag', 'string')).toBe('true');
  });

  test('such a key writes what the passphrase alone opens, and no version 2', async () => {
    const { key } = await vault.deriveKey(call, { passphrase: 'p', iterations: 100_000 });
    const plain: PlainValue = { type: 'string', value: 'a' };
    const envelope = (await vault.encrypt(call, plain, { version: 1, key })) as EnvelopeV1;
    expect((await decryptAsLocalMode(envelope, 'p')).toString()).toBe('a');
    await expect(vault.encrypt(call, plain, { version: 2, key })).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule: 'key_of_version_1' },
    });
  });
});
