import { methods } from '@locara/protocol';
import { expect, test } from 'vitest';
import { bestFirst, createReranker } from '../../../daemon/scheduler/reranker.ts';
import type { LlmOps } from '../../../daemon/workers/llm/ops.ts';
import { createMemoryQuotas } from '../../fakes/memory-quotas.ts';
import { oneModel, oneWorker } from '../../fakes/one-model.ts';
import { createScriptedWorker } from '../../fakes/scripted-worker.ts';
import { fakeSessionCall } from '../../fakes/session-call.ts';

test('the best comes first, and equal ones in the order in which they came', () => {
  expect(bestFirst([0.2, 0.9, 0.2, 0.5])).toEqual([
    { index: 1, score: 0.9 },
    { index: 3, score: 0.5 },
    { index: 0, score: 0.2 },
    { index: 2, score: 0.2 },
  ]);
});

test.each([
  [1, [1]],
  [2, [1, 0]],
  [99, [1, 0, 2]],
])('topN %i keeps the best', async (topN, indexes) => {
  const worker = createScriptedWorker<LlmOps>(() =>
    Promise.resolve({ scores: [0.5, 0.6, 0.1], promptTokens: 30, cachedTokens: 10 }),
  );
  const models = oneModel({ task: 'text-to-text' });
  const rerank = createReranker({
    models,
    engines: oneWorker(worker),
    quotas: createMemoryQuotas(),
  });
  const params = methods['llm.rerank'].params.parse({
    query: 'q',
    documents: ['a', 'b', 'c'],
    topN,
    priority: 'background',
  });
  const { results, usage } = await rerank(params, fakeSessionCall());
  expect(results.map(({ index }) => index)).toEqual(indexes);
  expect(usage).toEqual({ promptTokens: 30, cachedTokens: 10 });
  expect(worker.seen).toMatchObject([
    { op: 'rank', params: { caller: { isBackground: true }, query: 'q' } },
  ]);
});

test('a model that only embeds does not rank', async () => {
  const worker = createScriptedWorker<LlmOps>(() => Promise.reject(new Error('not asked')));
  const models = oneModel({ task: 'text-to-embedding' });
  const rerank = createReranker({
    models,
    engines: oneWorker(worker),
    quotas: createMemoryQuotas(),
  });
  const params = methods['llm.rerank'].params.parse({ query: 'q', documents: ['a'] });
  await expect(rerank(params, fakeSessionCall())).rejects.toMatchObject({ reason: 'NotFound' });
});
