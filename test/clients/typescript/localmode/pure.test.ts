import {
  addNoise,
  composeEmbeddingMiddleware,
  createKeystore,
  dpEmbeddingMiddleware,
  encryptionMiddleware,
  isCrossOriginIsolated,
  loggingMiddleware,
  piiRedactionMiddleware,
  wrapEmbeddingModel,
} from '@locara/client';
import { describe, expect, test } from 'vitest';

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

  test("take LocalMode's sensitivity, which is twice the clip", () => {
    expect(dpEmbeddingMiddleware({ sensitivity: 2 }).steps.dp).toMatchObject({ clip: 1 });
    expect(() => dpEmbeddingMiddleware({ sensitivity: 2, clip: 1 })).toThrow(TypeError);
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
