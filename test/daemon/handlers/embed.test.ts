import { methods } from '@locara/protocol';
import { expect, test } from 'vitest';
import { embedHandlers } from '../../../daemon/handlers/embed.ts';
import { createEmbedder } from '../../../daemon/scheduler/create-embedder.ts';
import type { LlmOps } from '../../../daemon/workers/llm/ops.ts';
import { createMemoryQuotas } from '../../fakes/memory-quotas.ts';
import { oneModel, oneWorker } from '../../fakes/one-model.ts';
import { createScriptedWorker } from '../../fakes/scripted-worker.ts';
import { fakeSessionCall } from '../../fakes/session-call.ts';
import { openPrivacy } from '../../support/open-privacy.ts';

/** A model of 4 dimensions in a file of 6. Unknown texts have no direction. */
function setUp() {
  const worker = createScriptedWorker<LlmOps>((call) => {
    const { texts } = call.params as LlmOps['embed']['params'];
    const vectors = texts.map((text) =>
      text.includes('broken')
        ? Float32Array.of(3, NaN, 4, 12, 0, 0)
        : text.includes('unknown')
          ? new Float32Array(6)
          : Float32Array.of(3, 0, 4, 12, 0, 0),
    );
    return Promise.resolve({ vectors, promptTokens: texts.length });
  });
  const models = oneModel({
    task: 'text-to-embedding',
    dimensions: 4,
    queryPrefix: 'query: ',
    documentPrefix: 'passage: ',
  });
  const quotas = createMemoryQuotas();
  const embedder = createEmbedder({ models, engines: oneWorker(worker), quotas });
  const create = async (params: object) =>
    embedHandlers({ embedder, privacy: openPrivacy() })['embed.create'](
      methods['embed.create'].params.parse(params),
      fakeSessionCall(),
    );
  const usage = () => quotas.usageOf(fakeSessionCall().session);
  return { worker, create, usage };
}

test('vectors are trimmed to the model and have length 1', async () => {
  const { create } = setUp();
  const { embeddings, dimensions, usage } = await create({ input: 'one text' });
  expect(dimensions).toBe(4);
  expect(usage).toEqual({ promptTokens: 1 });
  expect(embeddings).toHaveLength(1);
  expect(embeddings[0]).toEqual([3, 0, 4, 12].map((value) => Math.fround(value / 13)));
});

test('fewer dimensions keep the first ones at length 1', async () => {
  const { create } = setUp();
  const { embeddings, dimensions } = await create({ input: ['a', 'b'], dimensions: 3 });
  expect(dimensions).toBe(3);
  expect(embeddings.map((vector) => (vector as number[]).map((x) => x.toFixed(5)))).toEqual(
    Array(2).fill(['0.60000', '0.00000', '0.80000']),
  );
});

test('more dimensions than the model has are refused', async () => {
  const { create } = setUp();
  await expect(create({ input: 'a', dimensions: 5 })).rejects.toMatchObject({
    reason: 'InvalidParams',
    details: { rule: 'dimensions', maxDimensions: 4 },
  });
});

test.each([
  ['a database that is not there', { database: 'letters' }],
  ['a key of no session', { key: 'key_0' }],
])('%s is refused before anything is embedded', async (_name, encrypt) => {
  const { create, worker } = setUp();
  await expect(create({ input: 'a', pipeline: [{ encrypt }] })).rejects.toMatchObject({
    reason: 'NotFound',
  });
  expect(worker.seen).toEqual([]);
});

test('f32 encodes little-endian floats', async () => {
  const { create } = setUp();
  const { embeddings } = await create({ input: 'a', encoding: 'f32' });
  const { f32 } = embeddings[0] as { f32: string };
  const bytes = Buffer.from(f32, 'base64');
  expect(bytes.length).toBe(16);
  expect(bytes.readFloatLE(12)).toBeCloseTo(12 / 13);
});

test('queries and documents get the prefix of the model', async () => {
  const { create, worker } = setUp();
  await create({ input: 'a', kind: 'query' });
  await create({ input: ['b', 'c'] });
  expect(worker.seen.map(({ params }) => params)).toMatchObject([
    { texts: ['a'], prefix: 'query: ' },
    { texts: ['b', 'c'], prefix: 'passage: ' },
  ]);
});

test('a text without a known word still has a unit vector of its own', async () => {
  const { create } = setUp();
  const { embeddings } = await create({ input: ['unknown 1', 'unknown 1', 'unknown 2'] });
  const [one, again, other] = embeddings as number[][];
  expect(Math.hypot(...(one ?? []))).toBeCloseTo(1, 6);
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
});

test('numbers that are none never reach an app', async () => {
  const { create } = setUp();
  await expect(create({ input: ['a', 'broken'] })).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { rule: 'not_finite' },
  });
});

test('what the app wishes reaches the worker', async () => {
  const { create, worker } = setUp();
  await create({ input: 'a', overflow: 'chunk', priority: 'background', timeoutMs: 5000 });
  await create({ input: 'a' });
  expect(worker.seen.map(({ params }) => params)).toMatchObject([
    { overflow: 'chunk', caller: { owner: 'test.app', isBackground: true } },
    { overflow: 'refuse', caller: { owner: 'test.app', isBackground: false } },
  ]);
});
