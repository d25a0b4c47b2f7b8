import type { Completion } from '@locara/protocol';
import { methods, RpcError } from '@locara/protocol';
import { expect, test } from 'vitest';
import { llmHandlers } from '../../../daemon/handlers/llm.ts';
import type { Generated, LlmOps } from '../../../daemon/workers/llm/ops.ts';
import type { Script } from '../../fakes/scripted-worker.ts';
import { createScriptedWorker } from '../../fakes/scripted-worker.ts';
import { oneModel, oneWorker } from '../../fakes/one-model.ts';
import { fakeSessionCall } from '../../fakes/session-call.ts';

const GENERATED: Generated = {
  content: 'a tale',
  finishReason: 'stop',
  promptTokens: 3,
  cachedTokens: 0,
  completionTokens: 2,
  firstTokenMs: 4,
};
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const tellTale: Script = async (_call, { onChunk, onProgress }) => {
  onProgress?.({ stage: 'queued', queuePosition: 1 });
  await later(30);
  onProgress?.({ stage: 'loading' });
  await later(30);
  onProgress?.({ stage: 'prefill', completed: 0, total: 3 });
  await later(10);
  onProgress?.({ stage: 'running' });
  onChunk?.({ delta: 'a ' });
  await later(10);
  onChunk?.({ delta: 'tale' });
  return GENERATED;
};

function setUp(script: Script = tellTale) {
  const worker = createScriptedWorker<LlmOps>(script);
  const models = oneModel({ task: 'text-to-text' });
  return { worker, handlers: llmHandlers({ models, engines: oneWorker(worker) }) };
}

const chatParams = (params: object) =>
  methods['llm.chat'].params.parse({ messages: [{ role: 'user', content: 'hi' }], ...params });
const completeParams = (params: object) =>
  methods['llm.complete'].params.parse({ prompt: 'hi', ...params });

test('a chat streams its text and ends with usage and timings', async () => {
  const { handlers } = setUp();
  const call = fakeSessionCall();
  const { deltas, result } = await collect(handlers['llm.chat'](chatParams({}), call));
  expect(deltas).toEqual(['a ', 'tale']);
  expect(result).toMatchObject({
    content: 'a tale',
    finishReason: 'stop',
    usage: { promptTokens: 3, cachedTokens: 0, completionTokens: 2 },
  });
  expect(methods['llm.chat'].result.parse(result)).toEqual(result);
  expect(call.reports.map(({ stage }) => stage)).toEqual([
    'queued',
    'loading',
    'prefill',
    'running',
  ]);
});

test('timings say where the time went', async () => {
  const { handlers } = setUp();
  const { result } = await collect(handlers['llm.chat'](chatParams({}), fakeSessionCall()));
  const { queuedMs, loadMs, firstTokenMs, totalMs } = result.timings;
  expect(queuedMs).toBeGreaterThanOrEqual(28);
  expect(loadMs).toBeGreaterThanOrEqual(28);
  expect(firstTokenMs).toBeGreaterThanOrEqual(queuedMs + loadMs);
  expect(totalMs).toBeGreaterThan(firstTokenMs);
  expect(totalMs).toBeGreaterThanOrEqual(76);
});

test('sampling and schema reach the worker as the caller gave them', async () => {
  const { handlers, worker } = setUp();
  const schema = { type: 'boolean' };
  const params = completeParams({
    temperature: 0,
    seed: 7,
    maxTokens: 9,
    stop: '.',
    responseFormat: { type: 'json_schema', schema },
  });
  await collect(handlers['llm.complete'](params, fakeSessionCall()));
  expect(worker.seen).toMatchObject([
    {
      op: 'generate',
      params: {
        input: { prompt: 'hi' },
        sampling: { temperature: 0, seed: 7, maxTokens: 9, stop: ['.'], schema },
      },
    },
  ]);
});

test('cancelling reaches the worker', async () => {
  const { handlers, worker } = setUp(({ signal }) => {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new RpcError('Cancelled', 'Cancelled.'));
      });
    });
  });
  const call = fakeSessionCall();
  const next = expect(handlers['llm.chat'](chatParams({}), call).next()).rejects.toMatchObject({
    reason: 'Cancelled',
  });
  await later(1);
  call.abort();
  await next;
  expect(worker.seen[0]?.signal.aborted).toBe(true);
});

test('a model that is not pinned is refused before any worker starts', async () => {
  const { handlers, worker } = setUp();
  const params = chatParams({ model: 'other' });
  await expect(handlers['llm.chat'](params, fakeSessionCall()).next()).rejects.toMatchObject({
    reason: 'NotFound',
  });
  expect(worker.seen).toEqual([]);
});

test('tools, what to do with them and what to leave out reach the worker', async () => {
  const { handlers, worker } = setUp();
  const tools = [{ name: 'clock', parameters: { type: 'object' } }];
  const params = chatParams({ tools, toolChoice: { name: 'clock' }, overflow: 'dropOldest' });
  await collect(handlers['llm.chat'](params, fakeSessionCall()));
  expect(worker.seen[0]?.params).toMatchObject({
    input: { tools },
    toolChoice: { name: 'clock' },
    overflow: 'dropOldest',
  });
});

test('counting tokens asks the worker', async () => {
  const { handlers, worker } = setUp(() => Promise.resolve({ tokens: 5 }));
  const params = methods['llm.countTokens'].params.parse({ prompt: 'hi there' });
  expect(await handlers['llm.countTokens'](params, fakeSessionCall())).toEqual({ tokens: 5 });
  expect(worker.seen).toMatchObject([
    { op: 'countTokens', params: { input: { prompt: 'hi there' } } },
  ]);
});

async function collect(stream: AsyncGenerator<{ delta: string }, Completion, void>) {
  const deltas: string[] = [];
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return { deltas, result: value };
    deltas.push(value.delta);
  }
}

test('a stop string of half a character is refused before any work', async () => {
  const { handlers, worker } = setUp();
  const params = chatParams({ stop: ['end', '\ude00'] });
  const call = collect(handlers['llm.chat'](params, fakeSessionCall()));
  await expect(call).rejects.toMatchObject({ reason: 'InvalidParams' });
  expect(worker.seen).toEqual([]);
});

test('the worker is told whose call it is and whether it can wait', async () => {
  const told: unknown[] = [];
  const { handlers } = setUp((_call, options) => {
    told.push(options);
    return Promise.resolve(GENERATED);
  });
  const call = fakeSessionCall();
  await collect(handlers['llm.chat'](chatParams({ priority: 'background' }), call));
  expect(told).toMatchObject([{ app: call.session.appId, priority: 'background' }]);
});
