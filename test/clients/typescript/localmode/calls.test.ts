import {
  createLocalMode,
  dpEmbeddingMiddleware,
  type EmbeddingEvent,
  loggingMiddleware,
  piiRedactionMiddleware,
  PrivacyBudgetExhaustedError,
  wrapEmbeddingModel,
} from '@locara/client';
import { RpcError } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { FakeHandler } from '../../../fakes/fake-daemon.ts';
import { started } from '../../../support/client-run.ts';

type Fields = Record<string, unknown>;

const text = 'Contact John at john@example.com or 100.';
const at = text.indexOf('john@');
const found = [
  { entity: 'EMAIL_ADDRESS', start: at, end: at + 'john@example.com'.length, score: 1, reason: '' },
  { entity: 'US_ITIN', start: text.length - 4, end: text.length - 1, score: 1, reason: '' },
];

/** A daemon that answers with `handlers`, and what it was asked. */
async function asked(handlers: Record<string, unknown>) {
  const params: Fields[] = [];
  const recording = Object.entries(handlers).map(([method, answer]): [string, FakeHandler] => [
    method,
    (call) => {
      params.push(call.params);
      return typeof answer === 'function' ? (answer as FakeHandler)(call) : answer;
    },
  ]);
  const running = await started(Object.fromEntries(recording));
  return { ...running, params, local: createLocalMode(running.client) };
}

describe('encrypt', () => {
  const envelope = { ciphertext: '', iv: '', salt: '', algorithm: 'AES-GCM', version: 1 };

  test('takes exactly the bytes of a view, of whatever kind it is', async () => {
    await using run = await asked({ 'vault.encrypt': { envelope } });
    const floats = Float32Array.of(9, 1.5, 9).subarray(1, 2);
    await run.local.encrypt(floats, { database: 'd' });
    await run.local.encrypt(new DataView(Uint8Array.of(7, 8, 9).buffer, 1, 1), { database: 'd' });
    expect(run.params.map(({ value }) => value)).toEqual([
      { base64: Buffer.from(Float32Array.of(1.5).buffer).toString('base64') },
      { base64: Buffer.of(8).toString('base64') },
    ]);
  });

  test('refuses what is neither text nor bytes, in place of encrypting zeroes', async () => {
    await using run = await asked({ 'vault.encrypt': { envelope } });
    for (const data of [12, [1, 2], { length: 3 }, null] as unknown as string[]) {
      await expect(run.local.encrypt(data, { database: 'd' })).rejects.toThrow(TypeError);
    }
    expect(run.params).toEqual([]);
  });
});

describe('redactPII', () => {
  test('edits by a function in one pass, each by the name of its pattern', async () => {
    await using run = await asked({ 'privacy.detect': { entities: found } });
    const replacement = (match: string, pattern: string) => `[${pattern}:${match.length}]`;
    const redacted = await run.local.redactPII(text, { replacement });
    expect(redacted).toBe('Contact John at [email:16] or [nationalId:3].');
  });

  test('sends regular expressions as their source and flags', async () => {
    await using run = await asked({ 'privacy.redact': { text: '', entities: [] } });
    const custom = [
      { name: 'employeeId', regex: /EMP-\d{6}/gi },
      { name: 'order', pattern: 'O-[0-9]+' },
    ];
    await run.local.redactPII('x', { patterns: ['email'], custom, replacement: '[REDACTED]' });
    expect(run.params).toEqual([
      {
        text: 'x',
        patterns: ['email'],
        custom: [{ name: 'employeeId', pattern: 'EMP-\\d{6}', flags: 'gi' }, custom[1]],
        replacement: '[REDACTED]',
      },
    ]);
  });

  test('understands the older names, with what they leave out as it was', async () => {
    await using run = await asked({ 'privacy.redact': { text: '', entities: [] } });
    await run.local.redactPII('x', { emails: true, phones: false, ipAddresses: true });
    await run.local.redactPII('x');
    expect(run.params.map(({ patterns }) => patterns)).toEqual([
      ['email', 'ssn', 'creditCard', 'ip'],
      undefined,
    ]);
  });
});

describe('embed', () => {
  const answer = { embeddings: [{ f32: 'AACAPw==' }], dimensions: 1, usage: { promptTokens: 3 } };

  test('asks for the steps in their order and logs counts alone', async () => {
    await using run = await asked({ 'embed.create': answer });
    const events: EmbeddingEvent[] = [];
    const model = wrapEmbeddingModel('m', [
      loggingMiddleware({ logger: (event) => void events.push(event) }),
      dpEmbeddingMiddleware({ epsilon: 300 }),
      piiRedactionMiddleware({ patterns: ['email'], replacement: '[REDACTED]' }),
    ]);
    const { embedding, usage } = await run.local.embed({ model, value: 'secret' });
    expect(embedding).toEqual(new Float32Array([1]));
    expect(usage).toEqual({ tokens: 3 });
    expect(run.params).toEqual([
      {
        model: 'm',
        input: 'secret',
        encoding: 'f32',
        pipeline: [
          { redact: { patterns: ['email'], replacement: '[REDACTED]' } },
          { dp: { epsilon: 300 } },
        ],
      },
    ]);
    expect(events).toEqual([
      { type: 'embedded', modelId: 'm', inputCount: 1, durationMs: expect.any(Number) as number },
    ]);
  });

  test('redacts here where a function makes the replacement', async () => {
    const entities = found.slice(0, 1);
    await using run = await asked({ 'privacy.detect': { entities }, 'embed.create': answer });
    const redact = piiRedactionMiddleware({ replacement: () => 'X' });
    await run.local.embed({ model: wrapEmbeddingModel({}, [redact]), value: text });
    expect(run.params.at(-1)).toEqual({
      input: text.replace('john@example.com', 'X'),
      encoding: 'f32',
    });
  });

  test('is refused as exhausted when noise does not fit, and that is logged', async () => {
    const refusal = () => {
      throw new RpcError('QuotaExceeded', 'It does not fit.', {
        details: { rule: 'privacy_budget', epsilon: 0.25 },
      });
    };
    await using run = await asked({ 'embed.create': refusal });
    const types: string[] = [];
    const logging = loggingMiddleware({ logger: ({ type }) => void types.push(type) });
    const model = wrapEmbeddingModel({}, [dpEmbeddingMiddleware(), logging]);
    const error: unknown = await run.local.embed({ model, value: 'x' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PrivacyBudgetExhaustedError);
    expect(error).toMatchObject({ remainingEpsilon: 0.25, cause: { reason: 'QuotaExceeded' } });
    expect(types).toEqual(['failed']);
  });
});

describe('a classifier', () => {
  test('gives its labels alone, each answered at random', async () => {
    const labels = ['yes', 'no'];
    await using run = await asked({ 'privacy.randomizedResponse': { label: 'no' } });
    const middleware = run.local.dpClassificationMiddleware({ epsilon: 2, labels });
    const doClassify = () => ({ results: [{ label: 'yes', score: 0.9, allScores: { yes: 0.9 } }] });
    expect(await middleware.wrapClassify({ doClassify })).toEqual({ results: [{ label: 'no' }] });
    expect(run.params).toEqual([{ label: 'yes', labels, epsilon: 2 }]);
  });
});

test('feature detection answers no where there is no daemon', async () => {
  await using run = await asked({});
  expect(await run.local.isCryptoSupported()).toBe(false);
  await run.daemon.die();
  expect(await run.local.isCryptoSupported()).toBe(false);
});

test('a budget is not begun anew by the app', async () => {
  const state = { budget: 'b', delta: 1e-5, spent: { rho: 0, epsilon: 0 }, isExhausted: false };
  const created = { ...state, charges: 0, onExhausted: 'block' };
  await using run = await asked({ 'privacy.budget.create': created });
  const budget = await run.local.createPrivacyBudget({ maxEpsilon: 10, persistKey: 'b' });
  await expect(budget.reset()).rejects.toThrow('locara privacy reset');
  expect(run.params).toEqual([{ budget: 'b', maxEpsilon: 10 }]);
});
