import { methods } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { embedHandlers } from '../../../daemon/handlers/embed.ts';
import { vaultHandlers } from '../../../daemon/handlers/vault.ts';
import { createEmbedder } from '../../../daemon/scheduler/create-embedder.ts';
import type { LlmOps } from '../../../daemon/workers/llm/ops.ts';
import { createMemoryQuotas } from '../../fakes/memory-quotas.ts';
import { oneModel, oneWorker } from '../../fakes/one-model.ts';
import { createScriptedWorker } from '../../fakes/scripted-worker.ts';
import { fakeSessionCall } from '../../fakes/session-call.ts';
import { openPrivacy } from '../../support/open-privacy.ts';

const kdf = { name: 'argon2id', memoryKib: 19 * 1024, passes: 2, lanes: 1 } as const;
const TEXT = 'write to ann@example.org';

function setUp() {
  const texts: string[] = [];
  const worker = createScriptedWorker<LlmOps>((call) => {
    const asked = (call.params as LlmOps['embed']['params']).texts;
    texts.push(...asked);
    const vectors = asked.map(() => Float32Array.of(3, 0, 4, 12));
    return Promise.resolve({ vectors, promptTokens: asked.length });
  });
  const models = oneModel({ task: 'text-to-embedding', dimensions: 4 });
  const embedder = createEmbedder({
    models,
    engines: oneWorker(worker),
    quotas: createMemoryQuotas(),
  });
  const privacy = openPrivacy();
  const call = fakeSessionCall();
  const create = async (params: object) =>
    embedHandlers({ embedder, privacy })['embed.create'](
      methods['embed.create'].params.parse(params),
      call,
    );
  const privacyCall = { session: call.session, method: 'test', signal: call.signal };
  const initialize = (database: string) =>
    privacy.keystore.initialize(privacyCall, database, { passphrase: Buffer.from('p'), kdf });
  return { texts, create, privacy, call, initialize };
}

test('the model sees redacted texts alone, and the audit log counts what was in them', async () => {
  const { create, texts, privacy } = setUp();
  const { privacy: effect } = await create({ input: [TEXT, 'x'], pipeline: [{ redact: {} }] });
  expect(texts).toEqual(['write to [EMAIL]', 'x']);
  expect(effect).toEqual({ redacted: { EMAIL_ADDRESS: 1 } });
  expect(privacy.audit.effects).toEqual([
    {
      appId: 'test.app',
      method: 'embed.create',
      step: 'redact',
      counts: { EMAIL_ADDRESS: 1 },
    },
  ]);
});

test('placeholders are restored by the id that the effect names', async () => {
  const { create, privacy, call } = setUp();
  const { privacy: effect } = await create({
    input: TEXT,
    pipeline: [{ redact: { replacement: { mode: 'placeholder' } } }],
  });
  const restored = await privacy.redactor.restore(
    call.session.id,
    effect?.restoreId ?? '',
    'to [EMAIL_1]',
  );
  expect(restored).toEqual({ text: 'to ann@example.org', restored: 1 });
});

test('placeholders of several calls agree by the id of the first one', async () => {
  const { create, texts } = setUp();
  const replacement = { mode: 'placeholder' };
  const first = await create({ input: TEXT, pipeline: [{ redact: { replacement } }] });
  const restoreId = first.privacy?.restoreId;
  const input = ['or to bo@example.org', TEXT];
  const next = await create({ input, pipeline: [{ redact: { replacement, restoreId } }] });
  expect(texts.slice(1)).toEqual(['or to [EMAIL_2]', 'write to [EMAIL_1]']);
  expect(next.privacy?.restoreId).toBe(restoreId);
  const unknown = [{ redact: { replacement, restoreId: 'none' } }];
  await expect(create({ input, pipeline: unknown })).rejects.toMatchObject({ reason: 'NotFound' });
});

test('noise is told and charged, and vectors keep their dimensions', async () => {
  const { create, privacy } = setUp();
  const pipeline = [{ dp: { epsilon: 300, delta: 1e-5 } }];
  const { embeddings, privacy: effect } = await create({ input: ['a', 'b'], pipeline });
  expect(embeddings.map((vector) => (vector as number[]).length)).toEqual([4, 4]);
  expect(embeddings[0]).not.toEqual(embeddings[1]);
  expect(effect?.dp).toMatchObject({ mechanism: 'gaussian' });
  expect(privacy.audit.effects).toMatchObject([{ step: 'dp', counts: { records: 2 } }]);
});

test('the time that a call is given is for its redaction too', async () => {
  const { create, texts } = setUp();
  // The worker that redacts has to start.
  await expect(
    create({ input: TEXT, timeoutMs: 5, pipeline: [{ redact: {} }] }),
  ).rejects.toMatchObject({ reason: 'Timeout', details: { timeoutMs: 5 } });
  expect(texts).toEqual([]);
});

describe('what cannot be done is refused before the model runs', () => {
  test.each([
    ['noise that leaves nothing', { dp: { epsilon: 0.1 } }, 'InvalidParams', 'useless_utility'],
    ['an epsilon beyond all bounds', { dp: { epsilon: 5000 } }, 'InvalidParams', undefined],
    ['a key that there is not', { encrypt: { key: 'none' } }, 'NotFound', undefined],
    ['a database without a key', { encrypt: { database: 'none' } }, 'NotFound', undefined],
    ['what block finds', { redact: { replacement: { mode: 'block' } } }, 'Conflict', 'pii_found'],
    [
      'a pattern that is none',
      { redact: { custom: [{ name: 'X', pattern: '(' }] } },
      'InvalidParams',
      undefined,
    ],
  ])('%s', async (_, step, reason, rule) => {
    const { create, texts, privacy } = setUp();
    const failure = await create({ input: TEXT, pipeline: [step] }).catch(
      (error: unknown) => error as { reason?: string; details?: Record<string, unknown> },
    );
    if (!(failure instanceof Error && failure.name === 'ZodError')) {
      expect(failure).toMatchObject({ reason });
      if (rule !== undefined) expect(failure).toMatchObject({ details: { rule } });
    }
    expect(texts).toEqual([]);
    expect(privacy.audit.effects.filter(({ step: done }) => done !== 'redact')).toEqual([]);
  });

  test('more records than their allowance has left, and nothing of it is spent', async () => {
    const { create, texts, privacy, call } = setUp();
    const { appId } = call.session;
    const terms = { maxEpsilon: 300, delta: 1e-5, onExhausted: 'block' } as const;
    await privacy.budgets.create(appId, 'b', terms);
    const pipeline = [{ dp: { epsilon: 300, delta: 1e-5, budget: 'b' } }];
    await expect(create({ input: ['a', 'b'], pipeline })).rejects.toMatchObject({
      reason: 'QuotaExceeded',
      details: { rule: 'privacy_budget' },
    });
    expect(texts).toEqual([]);
    expect((await privacy.budgets.get(appId, 'b')).charges).toBe(0);
    await create({ input: ['a'], pipeline });
    expect((await privacy.budgets.get(appId, 'b')).charges).toBe(1);
  });

  test('more dimensions than there are', async () => {
    const { create, texts } = setUp();
    await expect(create({ input: 'a', dimensions: 5 })).rejects.toMatchObject({
      details: { rule: 'dimensions', maxDimensions: 4 },
    });
    expect(texts).toEqual([]);
  });

  test('a locked vault, before anything is redacted or charged', async () => {
    const { create, texts, privacy, initialize, call } = setUp();
    await initialize('d');
    privacy.keystore.lock(call.session.id);
    const pipeline = [{ redact: {} }, { dp: { epsilon: 300 } }, { encrypt: { database: 'd' } }];
    await expect(create({ input: TEXT, pipeline })).rejects.toMatchObject({
      reason: 'Conflict',
      details: { rule: 'vault_locked' },
    });
    expect(texts).toEqual([]);
    expect(privacy.audit.effects).toEqual([]);
  });

  test.each([
    [[{ encrypt: { key: 'k' } }, { redact: {} }]],
    [[{ dp: { epsilon: 300 } }, { redact: {} }]],
    [[{ redact: {} }, { redact: {} }]],
    [[]],
    ['private'],
  ])('steps in another order: %j', async (pipeline) => {
    const { create, texts } = setUp();
    await expect(create({ input: TEXT, pipeline })).rejects.toThrow();
    expect(texts).toEqual([]);
  });
});

test('with all three steps, envelopes open with the same context alone', async () => {
  const { create, privacy, call, initialize } = setUp();
  await initialize('d');
  const context = { record: 'r1' };
  const pipeline = [
    { redact: {} },
    { dp: { epsilon: 300, delta: 1e-5 } },
    { encrypt: { database: 'd', context } },
  ];
  const { embeddings, dimensions, privacy: effect } = await create({ input: TEXT, pipeline });
  expect(dimensions).toBe(4);
  expect(effect).toMatchObject({ redacted: { EMAIL_ADDRESS: 1 }, encrypted: 1 });
  const decrypt = async (given: object) =>
    vaultHandlers({ vault: privacy.vault })['vault.decrypt'](
      methods['vault.decrypt'].params.parse({ envelope: embeddings[0], database: 'd', ...given }),
      call,
    );
  const { value } = await decrypt({ context });
  expect(Buffer.from((value as { vector: { f32: string } }).vector.f32, 'base64')).toHaveLength(16);
  await expect(decrypt({})).rejects.toMatchObject({ details: { rule: 'sealed' } });
  expect(privacy.audit.effects.map(({ step }) => step)).toEqual(['redact', 'dp', 'encrypt']);
});
