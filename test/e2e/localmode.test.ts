import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  composeEmbeddingMiddleware,
  createClient,
  createLocalMode,
  dpEmbeddingMiddleware,
  encryptionMiddleware,
  type EncryptedDataV1,
  type EncryptedDataV2,
  type LocalMode,
  piiRedactionMiddleware,
  PrivacyBudgetExhaustedError,
  wrapEmbeddingModel,
} from '@locara/client';
import type { Client } from '@locara/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';

let daemon: DaemonProcess;
let client: Client;
let local: LocalMode;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  client = createClient({ credentials: await installSample(daemon.controlSocket) });
  local = createLocalMode(client);
});
afterAll(async () => {
  await client.close();
  await daemon[Symbol.asyncDispose]();
});

const sealed = { reason: 'Conflict', details: { rule: 'sealed' } };

describe('encryption', () => {
  test('gives back texts, bytes, JSON and vectors, and nothing to another passphrase', async () => {
    const encrypted = await local.encrypt('sensitive data', 'user-password');
    expect(encrypted).toMatchObject({ version: 2, type: 'string', kdf: { name: 'argon2id' } });
    expect(await local.decryptString(encrypted, 'user-password')).toBe('sensitive data');
    await expect(local.decryptString(encrypted, 'other')).rejects.toMatchObject(sealed);
    const bytes = new Uint8Array([0, 255, 7]);
    const { key } = await local.deriveEncryptionKey('user-password');
    const blob = await local.encrypt(bytes.buffer, key);
    expect(new Uint8Array(await local.decrypt(blob, key))).toEqual(bytes);
    const json = { list: [1, 'two', null], at: true };
    expect(await local.decryptJSON(await local.encryptJSON(json, key), key)).toEqual(json);
    expect(await local.decryptJSON(await local.encryptJSON('123', key), key)).toBe('123');
  });

  test('of a view encrypts exactly its floats', async () => {
    const { key } = await local.deriveEncryptionKey('user-password');
    const floats = new Float32Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const encrypted = await local.encryptVector(floats.subarray(2, 6), key);
    expect(await local.decryptVector(encrypted, key)).toEqual(new Float32Array([3, 4, 5, 6]));
    expect((await local.decrypt(encrypted, key)).byteLength).toBe(16);
  });

  test('refuses a value of another type by the name of none of its words', async () => {
    const { key } = await local.deriveEncryptionKey('user-password');
    const encrypted = await local.encryptJSON({ secret: 'x' }, key);
    await expect(local.decryptString(encrypted, key)).rejects.toThrow(TypeError);
    await expect(local.decryptVector(encrypted, key)).rejects.toThrow(TypeError);
    const bytes = await local.encrypt(new Uint8Array([123]), key);
    const refusal = await local.decryptJSON(bytes, key).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TypeError);
    expect(String(refusal)).not.toContain('{');
  });

  test("with iterations is LocalMode's version 1, read with or without them", async () => {
    const encrypted = await local.encrypt('as before', 'user-password', 1000);
    expect(encrypted).toEqual({
      ciphertext: expect.any(String) as string,
      iv: expect.any(String) as string,
      salt: expect.any(String) as string,
      algorithm: 'AES-GCM',
      version: 1,
    });
    expect(await local.decryptString(encrypted, 'user-password', 1000)).toBe('as before');
    const usual = await local.encrypt('as before', 'user-password', 100_000);
    expect(await local.decryptString(usual, 'user-password')).toBe('as before');
    await expect(local.decryptString(encrypted, 'other', 1000)).rejects.toMatchObject(sealed);
  });

  test("opens LocalMode's own values, of every type", async () => {
    const { vectors, vectorVectors, jsonVectors } = readLocalModeVectors();
    for (const { encrypted, passphrase, iterations, plaintext } of vectors) {
      expect(await local.decryptString(encrypted, passphrase, iterations)).toBe(plaintext);
    }
    for (const { encrypted, passphrase, iterations, vector } of vectorVectors) {
      const floats = await local.decryptVector(encrypted, passphrase, iterations);
      expect(floats).toEqual(new Float32Array(vector));
    }
    for (const { encrypted, passphrase, iterations, value } of jsonVectors) {
      expect(await local.decryptJSON(encrypted, passphrase, iterations)).toEqual(value);
    }
  });
});

interface LocalModeVector {
  readonly passphrase: string;
  readonly iterations: number;
  readonly encrypted: EncryptedDataV1;
}

function readLocalModeVectors() {
  const path = join(import.meta.dirname, '../fixtures/localmode/vectors.json');
  return JSON.parse(readFileSync(path, 'utf8')) as {
    readonly vectors: readonly (LocalModeVector & { readonly plaintext: string })[];
    readonly vectorVectors: readonly (LocalModeVector & { readonly vector: number[] })[];
    readonly jsonVectors: readonly (LocalModeVector & { readonly value: unknown })[];
  };
}

test('a key is derived again from its salt, also by iterations', async () => {
  const { key, salt } = await local.deriveEncryptionKey('user-password');
  const { key: same } = await local.deriveEncryptionKey('user-password', salt);
  const encrypted = await local.encrypt('x', key);
  expect(await local.decryptString(encrypted, same)).toBe('x');
  const old = await local.deriveEncryptionKey('user-password', new Uint8Array(16), 1000);
  expect(await local.encrypt('x', old.key)).toMatchObject({ version: 1 });
  expect(await key.forget()).toBe(true);
  await expect(local.encrypt('x', key)).rejects.toMatchObject({ reason: 'NotFound' });
});

test('a passphrase is recognised by its hash, also by the one that LocalMode made', async () => {
  const hash = await local.hashPassphrase('user-password');
  expect(hash).toMatch(/^\$argon2id\$/);
  expect(await local.verifyPassphrase('user-password', hash)).toBe(true);
  expect(await local.verifyPassphrase('other', hash)).toBe(false);
  const sha256 = 'XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg=';
  expect(await local.verifyPassphrase('password', sha256)).toBe(true);
});

describe('the keystore', () => {
  test('opens a database for this session, changes its passphrase and loses nothing', async () => {
    const keystore = local.createKeystore();
    const database = 'changed';
    expect(await keystore.hasEncryption(database)).toBe(false);
    expect(await keystore.getMetadata(database)).toBeNull();
    await keystore.initialize(database, 'user-password', 100_000);
    const encrypted = await local.encrypt('kept', { database });
    expect(await keystore.isUnlocked()).toBe(true);
    await keystore.lock();
    expect(await keystore.isUnlocked(database)).toBe(false);
    const locked = { reason: 'Conflict', details: { rule: 'vault_locked' } };
    await expect(local.decryptString(encrypted, { database })).rejects.toMatchObject(locked);
    expect(await keystore.changePassphrase(database, 'user-password', 'new-password')).toBe(true);
    expect(await keystore.unlock(database, 'new-password')).toBe(true);
    expect(await local.decryptString(encrypted, { database })).toBe('kept');
    expect(await keystore.getMetadata(database)).toMatchObject({
      dbName: database,
      createdAt: expect.any(Number) as number,
      parameters: await keystore.getIterations(database),
      enabled: true,
    });
    await keystore.lock();
    expect(await keystore.unlock(database, 'wrong')).toBe(false);
  });

  test('disables and destroys', async () => {
    const keystore = local.createKeystore();
    const database = 'old';
    await keystore.initialize(database, 'user-password');
    const encrypted = await local.encrypt('kept', { database });
    expect(await keystore.disable(database, 'user-password')).toBe(true);
    expect(await keystore.hasEncryption(database)).toBe(false);
    expect(await local.decryptString(encrypted, { database })).toBe('kept');
    await keystore.delete(database);
    expect(await keystore.getMetadata(database)).toBeNull();
  });
});

describe('redaction', () => {
  const text = 'Contact John at john@example.com or call +1 415 555 2671';

  test('takes what was asked for, and only that', async () => {
    const replacement = '[REDACTED]';
    expect(await local.redactPII(text, { patterns: ['email', 'phone'], replacement })).toBe(
      'Contact John at [REDACTED] or call [REDACTED]',
    );
    expect(await local.redactPII(text, { patterns: ['email'] })).toBe(
      'Contact John at [EMAIL] or call +1 415 555 2671',
    );
  });

  test("of the app's own patterns, by the app's own function", async () => {
    const redacted = await local.redactPII(`EMP-123456: ${text}`, {
      patterns: ['email', 'phone'],
      custom: [{ name: 'employeeId', regex: /EMP-\d{6}/g }],
      replacement: (match, pattern) => `[${pattern.toUpperCase()}:${match.length}]`,
    });
    expect(redacted).toBe('[EMPLOYEEID:10]: Contact John at [EMAIL:16] or call [PHONE:15]');
  });

  test('refuses an expression that is not linear', async () => {
    const custom = [{ name: 'twice', regex: /(a)\1/ }];
    await expect(local.redactPII(text, { custom })).rejects.toMatchObject({
      reason: 'InvalidParams',
    });
  });

  test('of every name on the page finds its example', async () => {
    const examples = {
      email: 'Write to john@example.com',
      phone: 'Call 555-123-4567',
      ssn: 'My SSN is 123-45-6789',
      creditCard: 'Pay by 4111-1111-1111-1111',
      ip: 'It is 192.168.1.1',
      address: 'Come to 123 Main St',
    };
    for (const [pattern, example] of Object.entries(examples)) {
      const redacted = await local.redactPII(example, { patterns: [pattern] });
      const before = / (?=\S*\d|\S+@).*$/;
      expect(redacted).toBe(example.replace(before, ` [${pattern.toUpperCase()}]`));
    }
  });
});

describe('an embedding', () => {
  test('is of the redacted text', async () => {
    const model = wrapEmbeddingModel({}, [
      piiRedactionMiddleware({ patterns: ['email'], replacement: '[REDACTED]' }),
    ]);
    const { embedding, privacy } = await local.embed({ model, value: 'Email me at j@example.com' });
    const plain = await local.embed({ model: {}, value: 'Email me at [REDACTED]' });
    expect(embedding).toEqual(plain.embedding);
    expect(privacy?.redacted).toEqual({ EMAIL_ADDRESS: 1 });
  });

  test('comes encrypted by a derived key, which alone opens it', async () => {
    const { key } = await local.deriveEncryptionKey('user-password');
    const middleware = composeEmbeddingMiddleware([
      encryptionMiddleware({ key }),
      piiRedactionMiddleware({ patterns: ['email', 'phone', 'ssn', 'creditCard'] }),
    ]);
    const model = wrapEmbeddingModel({ model: {}, middleware });
    const { embedding, privacy } = await local.embed({ model, value: 'sensitive text' });
    const envelope: EncryptedDataV2 = embedding;
    expect(envelope).toMatchObject({ version: 2, type: 'vector' });
    expect(privacy).toEqual({ redacted: {}, encrypted: 1 });
    const plain: Float32Array = (await local.embed({ model: {}, value: 'sensitive text' }))
      .embedding;
    expect(await local.decryptVector(envelope, key)).toEqual(plain);
    await key.forget();
    await expect(local.embed({ model, value: 'x' })).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('is not encrypted by a key for version 1', async () => {
    const { key } = await local.deriveEncryptionKey('user-password', undefined, 1000);
    const model = wrapEmbeddingModel({}, [encryptionMiddleware({ key })]);
    await expect(local.embed({ model, value: 'x' })).rejects.toMatchObject({
      details: { rule: 'key_of_version_1' },
    });
  });

  test('with noise that leaves nothing is refused, and says so, unless it is wanted', async () => {
    const model = wrapEmbeddingModel({}, [dpEmbeddingMiddleware({ epsilon: 1 })]);
    await expect(local.embed({ model, value: 'a medical record' })).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule: 'useless_utility' },
    });
    const wanted = dpEmbeddingMiddleware({ epsilon: 1, acceptUselessUtility: true });
    const noisy = wrapEmbeddingModel({ model: {}, middleware: wanted });
    const { embedding, privacy } = await local.embed({ model: noisy, value: 'a medical record' });
    expect(embedding).toHaveLength(96);
    expect(privacy?.dp).toMatchObject({ mechanism: 'gaussian', cost: { records: 1 } });
  });
});

describe('a privacy budget', () => {
  test('fits ten releases of one in ten, and not one more', async () => {
    const budget = await local.createPrivacyBudget({ maxEpsilon: 10, persistKey: 'ten' });
    for (let release = 0; release < 10; release += 1) await budget.consume(1);
    expect(await budget.isExhausted()).toBe(true);
    expect(await budget.remaining()).toBe(0);
    expect(await budget.consumed()).toBe(10);
    await expect(budget.consume(1)).rejects.toThrow(PrivacyBudgetExhaustedError);
    expect((await local.createPrivacyBudget({ maxEpsilon: 10, persistKey: 'ten' })).name).toBe(
      'ten',
    );
    expect(await budget.state()).toMatchObject({ charges: 10, onExhausted: 'block' });
  });

  test('is charged by labels and embeddings before they are released', async () => {
    const budget = await local.createPrivacyBudget({ maxEpsilon: 2, persistKey: 'two' });
    const labels = ['positive', 'negative', 'neutral'];
    const release = { epsilon: 2, budget };
    expect(labels).toContain(await local.randomizedResponse('positive', labels, release));
    const again = local.randomizedResponse('positive', labels, release);
    await expect(again).rejects.toThrow(PrivacyBudgetExhaustedError);
    const noise = dpEmbeddingMiddleware({ epsilon: 1, acceptUselessUtility: true }, budget);
    const model = wrapEmbeddingModel({}, [noise]);
    await expect(local.embed({ model, value: 'x' })).rejects.toThrow(PrivacyBudgetExhaustedError);
    await expect(budget.reset()).rejects.toThrow('locara privacy reset');
  });
});

test('noise has as many numbers as were asked for, of the width that was asked for', async () => {
  const spread = (noise: Float32Array) =>
    Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / noise.length);
  const gaussian = await local.gaussianNoise(4096, 0.1);
  const laplacian = await local.laplacianNoise(4096, 0.5);
  expect([gaussian.length, laplacian.length]).toEqual([4096, 4096]);
  expect(Math.abs(spread(gaussian) - 0.1)).toBeLessThan(0.01);
  expect(Math.abs(spread(laplacian) - Math.SQRT1_2)).toBeLessThan(0.08);
});

test('a classifier of the app answers labels that can be denied', async () => {
  const labels = ['yes', 'no'];
  const middleware = local.dpClassificationMiddleware({ epsilon: 2, labels });
  const results = Array.from({ length: 20 }, () => ({ label: 'yes', score: 0.99 }));
  const answered = await middleware.wrapClassify({ doClassify: () => ({ results }) });
  expect(answered.results.map((result) => Object.keys(result))).toEqual(
    results.map(() => ['label']),
  );
});

test('the daemon is found to encrypt', async () => {
  expect(await local.isCryptoSupported()).toBe(true);
});
