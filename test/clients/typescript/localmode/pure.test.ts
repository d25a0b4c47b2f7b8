import {
  addNoise,
  composeEmbeddingMiddleware,
  createKeystore,
  decryptString,
  dpEmbeddingMiddleware,
  encrypt,
  encryptionMiddleware,
  encryptVector,
  isCrossOriginIsolated,
  loggingMiddleware,
  piiRedactionMiddleware,
  wrapEmbeddingModel,
} from '@locara/client';
import { describe, expect, test } from 'vitest';
import { toJson } from '../../../../clients/typescript/localmode/opened-value.ts';

const database = 'notes';

describe('middlewares', () => {
  test('are the same composed in any order, and by either way to wrap', () => {
    const redact = piiRedactionMiddleware({ patterns: ['email'] });
    const dp = dpEmbeddingMiddleware({ epsilon: 300 });
    const encrypt = encryptionMiddleware({ database });
    const one = wrapEmbeddingModel('m', [redact, dp, encrypt]);
    const middleware = composeEmbeddingMiddleware([encrypt, dp, redact]);
    expect(wrapEmbeddingModel({ model: 'm', middleware })).toEqual(one);
    expect(one).toMatchObject({ modelId: 'm', encrypts: true });
  });

  test('are refused where two do the same, also on a model that is wrapped already', () => {
    const redact = piiRedactionMiddleware();
    const wrapped = wrapEmbeddingModel({}, [redact]);
    expect(() => wrapEmbeddingModel(wrapped, [redact])).toThrow(/Two middlewares `redact`/);
  });

  test('all log, however many they are', () => {
    const logging = loggingMiddleware({ logger: () => undefined });
    const { steps } = composeEmbeddingMiddleware([logging, logging]);
    expect(steps.loggers).toHaveLength(2);
  });

  test('refuse an option of redaction that nobody knows, before anything is embedded', () => {
    const options = { pattern: ['email'] };
    expect(() => piiRedactionMiddleware(options as object)).toThrow(/no option `pattern`/);
  });

  test('refuse patterns beside an older name, of which one would count for nothing', () => {
    const options = { patterns: ['email'], phones: true };
    expect(() => piiRedactionMiddleware(options)).toThrow(/`patterns`.*`phones`/);
  });

  test("take LocalMode's sensitivity, which is twice the clip", () => {
    expect(dpEmbeddingMiddleware({ sensitivity: 2 }).steps.dp).toMatchObject({ clip: 1 });
    expect(() => dpEmbeddingMiddleware({ sensitivity: 2, clip: 1 })).toThrow(TypeError);
  });
});

describe('what does not type-check, and comes from JavaScript', () => {
  test('never quotes a passphrase that was given for a key', async () => {
    const passphrase = 'swordfish-73' as never;
    const refused = [
      async () => Promise.resolve(encryptionMiddleware(passphrase)),
      async () => Promise.resolve(encryptionMiddleware({ key: passphrase })),
      () => encrypt('x', 7319 as never),
      () => decryptString({ version: 1 } as never, 7319 as never),
    ];
    for (const call of refused) {
      const error = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toMatch(/deriveEncryptionKey/);
      expect(String(error)).not.toMatch(/swordfish|7319/);
    }
  });

  test.each([
    ['a number', 5],
    ['nothing', null],
    ['an object', { secret: 1 }],
  ])('is never encrypted as other bytes than it has: %s', async (_, value) => {
    await expect(encrypt(value as never, 'pw')).rejects.toThrow(/encryptJSON/);
  });

  test('is no vector but as floats of 32 bits', async () => {
    await expect(encryptVector([0.5] as never, 'pw')).rejects.toThrow(/Float32Array/);
  });

  test("is no middleware of LocalMode's: it would not be run", () => {
    const middleware = { transformParams: () => ({}) } as never;
    expect(() => wrapEmbeddingModel('m', [middleware])).toThrow(/`transformParams`.*not taken/);
  });
});

test('noise is added to each number, into a new vector', () => {
  const embedding = new Float32Array([1, 2]);
  expect(addNoise(embedding, new Float32Array([0.5, -0.5]))).toEqual(new Float32Array([1.5, 1.5]));
  expect(embedding).toEqual(new Float32Array([1, 2]));
  expect(() => addNoise(embedding, new Float32Array(3))).toThrow(RangeError);
});

test('a passphrase is never handed back', () => {
  expect(() => createKeystore().getPassphrase()).toThrow(/not offered.*encrypt\(data, \{ database/);
});

test('memory can be shared in this process', () => {
  expect(isCrossOriginIsolated()).toBe(true);
});

test('a key that is spelt with an escape stays itself, whatever was decrypted before', () => {
  for (const value of [
    { a: 1, '\\': 2 },
    { a: 1, '"': 3 },
  ]) {
    const base64 = Buffer.from(JSON.stringify(value)).toString('base64');
    expect(toJson({ base64 })).toEqual(value);
  }
});
