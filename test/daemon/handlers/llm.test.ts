import type { Completion } from '@locara/protocol';
import { methods, RpcError } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { llmHandlers } from '../../../daemon/handlers/llm.ts';
import type { QuotaLimits } from '../../../daemon/scheduler/quotas/quota-limits.ts';
import type { Generated, LlmOps } from '../../../daemon/workers/llm/ops.ts';
import type { Script } from '../../fakes/scripted-worker.ts';
import { createScriptedWorker } from '../../fakes/scripted-worker.ts';
import { createMemoryQuotas } from '../../fakes/memory-quotas.ts';
import { oneModel, oneWorker } from '../../fakes/one-model.ts';
import { fakeSessionCall } from '../../fakes/session-call.ts';
import { openPrivacy } from '../../support/open-privacy.ts';

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

function setUp(script: Script = tellTale, limits: Partial<QuotaLimits> = {}) {
  const worker = createScriptedWorker<LlmOps>(script);
  const models = oneModel({ task: 'text-to-text' });
  const quotas = createMemoryQuotas(limits);
  const usage = () => quotas.usageOf(fakeSessionCall().session);
  const handlers = llmHandlers({
    models,
    engines: oneWorker(worker),
    quotas,
    privacy: openPrivacy(),
  });
  return { worker, handlers, usage };
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

test('timings have one decimal at most', async () => {
  const { handlers } = setUp();
  const { result } = await collect(handlers['llm.chat'](chatParams({}), fakeSessionCall()));
  const spelled = Object.values(result.timings).map(String);
  expect(spelled).toEqual(spelled.map(() => expect.stringMatching(/^\d+(\.\d)?$/) as string));
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

describe('quotas', () => {
  const stream = (handlers: ReturnType<typeof setUp>['handlers'], params = {}) =>
    handlers['llm.complete'](completeParams(params), fakeSessionCall());

  test('a text costs what was read anew and what was written', async () => {
    const { handlers, usage } = setUp(() =>
      Promise.resolve({ ...GENERATED, promptTokens: 30, cachedTokens: 20 }),
    );
    await collect(stream(handlers));
    expect(usage()).toMatchObject({
      concurrentCalls: { used: 0 },
      tokensPerMinute: { used: 12 },
      tokensPerDay: { used: 12 },
    });
  });

  test('a running call reserves what it is expected to take', async () => {
    const { handlers, usage } = setUp();
    const running = stream(handlers, { maxTokens: 50 });
    await running.next();
    expect(usage()).toMatchObject({ concurrentCalls: { used: 1 }, tokensPerDay: { used: 51 } });
    await collect(running);
    expect(usage()).toMatchObject({ concurrentCalls: { used: 0 }, tokensPerDay: { used: 5 } });
  });

  test('what is written beyond the reservation counts at once', async () => {
    const { handlers, usage } = setUp(async (_call, { onChunk }) => {
      for (let token = 0; token < 9; token += 1) onChunk?.({ delta: 'a' });
      await later(30);
      return { ...GENERATED, promptTokens: 1, completionTokens: 9 };
    });
    const running = stream(handlers, { maxTokens: 1 });
    await running.next();
    expect(usage()).toMatchObject({ tokensPerMinute: { used: 9 } });
    await collect(running);
    expect(usage()).toMatchObject({ tokensPerMinute: { used: 10 } });
  });

  test('one call too many is Busy before any worker hears of it', async () => {
    const { handlers, worker } = setUp(tellTale, { concurrentCalls: 1 });
    const running = stream(handlers);
    await running.next();
    await expect(stream(handlers).next()).rejects.toMatchObject({
      reason: 'Busy',
      details: { quota: 'concurrentCalls', limit: 1, used: 1, retryAfterMs: 250 },
    });
    expect(worker.seen).toHaveLength(1);
    await collect(running);
    await collect(stream(handlers));
  });

  test('counting tokens is a call too, and costs no tokens', async () => {
    const { handlers, usage } = setUp(() => Promise.resolve({ tokens: 5 }), { tokensPerDay: 1 });
    const params = methods['llm.countTokens'].params.parse({ prompt: 'hi '.repeat(100) });
    const counting = handlers['llm.countTokens'](params, fakeSessionCall());
    expect(usage().concurrentCalls.used).toBe(1);
    await counting;
    expect(usage()).toMatchObject({ concurrentCalls: { used: 0 }, tokensPerDay: { used: 0 } });
  });

  test('a consumer that leaves pays for what was written', async () => {
    const { handlers, usage } = setUp((_call, { onProgress, onChunk, signal }) => {
      onProgress?.({ stage: 'prefill', completed: 100, total: 100, unit: 'tokens' });
      onProgress?.({ stage: 'running' });
      onChunk?.({ delta: 'x'.repeat(40) });
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(new RpcError('Cancelled', 'Cancelled.'));
        });
      });
    });
    const running = stream(handlers);
    await running.next();
    await running.return(undefined as never);
    expect(usage()).toMatchObject({ concurrentCalls: { used: 0 }, tokensPerDay: { used: 110 } });
  });

  test('a call that no worker began costs nothing', async () => {
    const { handlers, usage } = setUp(({ op }) => Promise.reject(new RpcError('Busy', op)));
    await expect(stream(handlers).next()).rejects.toMatchObject({ reason: 'Busy' });
    expect(usage()).toMatchObject({ concurrentCalls: { used: 0 }, tokensPerDay: { used: 0 } });
  });

  test('a crash under the call charges what came of it', async () => {
    const { handlers, usage } = setUp((_call, { onProgress, onChunk }) => {
      onProgress?.({ stage: 'prefill', completed: 7, total: 7, unit: 'tokens' });
      onChunk?.({ delta: 'a' });
      return Promise.reject(new RpcError('WorkerCrashed', 'The engine died.'));
    });
    await expect(collect(stream(handlers))).rejects.toMatchObject({ reason: 'WorkerCrashed' });
    expect(usage()).toMatchObject({ concurrentCalls: { used: 0 }, tokensPerDay: { used: 8 } });
  });
});

describe('timeoutMs', () => {
  const neverDone: Script = ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new RpcError('Cancelled', 'Cancelled.'));
      });
    });

  test('a text that is not done in time is Timeout, and its worker is told', async () => {
    const { handlers, worker, usage } = setUp(neverDone);
    const call = handlers['llm.complete'](completeParams({ timeoutMs: 5 }), fakeSessionCall());
    await expect(call.next()).rejects.toMatchObject({
      reason: 'Timeout',
      retryable: true,
      details: { timeoutMs: 5 },
    });
    expect(worker.seen[0]?.signal.aborted).toBe(true);
    expect(usage().concurrentCalls.used).toBe(0);
  });

  test('counting has one too', async () => {
    const { handlers } = setUp(neverDone);
    const params = methods['llm.countTokens'].params.parse({ prompt: 'hi', timeoutMs: 5 });
    const counting = handlers['llm.countTokens'](params, fakeSessionCall());
    await expect(counting).rejects.toMatchObject({ reason: 'Timeout' });
  });

  test('what the caller cancels itself is Cancelled', async () => {
    const { handlers } = setUp(neverDone);
    const call = fakeSessionCall();
    const params = completeParams({ timeoutMs: 60_000 });
    const next = expect(handlers['llm.complete'](params, call).next()).rejects.toMatchObject({
      reason: 'Cancelled',
    });
    await later(1);
    call.abort();
    await next;
  });
});
