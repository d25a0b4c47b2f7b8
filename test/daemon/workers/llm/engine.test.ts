import { RpcError } from '@locara/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import { createLlmEngine } from '../../../../daemon/workers/llm/engine.ts';
import { describeDevice } from '../../../../daemon/workers/device.ts';
import type { Engine } from '../../../../daemon/workers/engine.ts';
import type { Generated, LlmOps, Sampling } from '../../../../daemon/workers/llm/ops.ts';
import { recordCall } from '../../../fakes/engine-call.ts';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';
import { CALLER } from '../../../support/llm-caller.ts';
import { cpuMsDuring } from '../../../support/cpu-time.ts';

const CONTEXT_TOKENS = 512;

describe('text generation', () => {
  let engine: Engine<LlmOps>;
  beforeAll(async () => {
    const loaded = await createLlmEngine({
      modelPath: unpackEmbeddedModel('stories-260k'),
      purpose: 'generate',
      contextTokens: CONTEXT_TOKENS,
      sequences: 4,
      threads: 1,
    });
    engine = loaded.engine;
    expect(describeDevice(loaded.device)).toMatch(/^CPU, 1 thread$|^Metal/);
    expect(loaded.device.why).toMatch(/\.$/);
  });

  type Choices = Partial<Sampling>;
  const generate = async (prompt: string, sampling: Choices = {}, call = record()) =>
    engine.generate(
      { caller: CALLER, input: { prompt }, sampling: { stop: [], ...sampling } },
      call,
    );
  const record = () => recordCall<{ readonly delta: string }>();

  test('the story model tells a story', async () => {
    const call = record();
    const story = await generate('Once upon a time', { temperature: 0, maxTokens: 60 }, call);
    expect(story.content).toMatch(/there was a little girl named Lily\. She loved to play outside/);
    expect(story.finishReason).toBe('length');
    expect(story.completionTokens).toBe(60);
    expect(story.promptTokens).toBe(5);
    expect(story.cachedTokens).toBe(0);
    expect(call.chunks.map(({ delta }) => delta).join('')).toBe(story.content);
    expect(call.chunks.length).toBeGreaterThan(2);
    expect(call.reports.map(({ stage }) => stage)).toEqual(['prefill', 'running']);
  });

  test.each([
    ['greedy', { temperature: 0 }],
    ['seeded', { temperature: 1, seed: 42 }],
  ])('eight callers at once get the same %s text as one alone', async (_name, choices) => {
    const sampling = { ...choices, maxTokens: 80 };
    const alone = await generate('Once upon a time', sampling);
    const together = await Promise.all(
      Array.from({ length: 8 }, () => generate('Once upon a time', sampling)),
    );
    expect(together.map(({ content }) => content)).toEqual(Array(8).fill(alone.content));
  });

  test('different seeds tell different stories', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map((seed) => generate('Once', { temperature: 1, seed, maxTokens: 60 })),
    );
    expect(one?.content).not.toBe(two?.content);
  });

  test('the largest seed is deterministic too', async () => {
    const choices = { temperature: 1, seed: 0xffff_ffff, maxTokens: 40 };
    const [one, two] = await Promise.all([1, 2].map(() => generate('Once', choices)));
    expect(one?.content).toBe(two?.content);
  });

  test('a stop string ends the text before it and never streams', async () => {
    const call = record();
    const story = await generate(
      'Once upon a time',
      { temperature: 0, maxTokens: 100, stop: ['loved to play', 'never written'] },
      call,
    );
    expect(story.finishReason).toBe('stop');
    expect(story.content).toMatch(/She $/);
    expect(call.chunks.map(({ delta }) => delta).join('')).toBe(story.content);
  });

  test('text follows the schema', async () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string', maxLength: 12 },
        age: { type: 'integer' },
        mood: { enum: ['happy', 'sad'] },
        tags: { type: 'array', items: { type: 'boolean' }, minItems: 1, maxItems: 2 },
      },
      required: ['name', 'age', 'mood', 'tags'],
    };
    const answer = await generate('Lily is', { temperature: 0, schema, maxTokens: 300 });
    expect(answer.finishReason).toBe('stop');
    const value = JSON.parse(answer.content) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['name', 'age', 'mood', 'tags']);
    expect(String(value['name']).length).toBeLessThanOrEqual(12);
    expect(value['age']).toSatisfy(Number.isInteger);
    expect(['happy', 'sad']).toContain(value['mood']);
  });

  test('a cancelled call streams nothing more and frees its place', async () => {
    let chunks = 0;
    const call = recordCall<{ readonly delta: string }>((_chunk, own) => {
      if (++chunks === 2) own.abort();
    });
    await expect(generate('Once upon a time', { temperature: 0 }, call)).rejects.toMatchObject({
      reason: 'Cancelled',
    });
    expect(call.chunks.length).toBe(2);
    const next = await Promise.all(
      Array.from({ length: 5 }, () => generate('A', { maxTokens: 2 })),
    );
    expect(next).toHaveLength(5);
  });

  test('a call cancelled while it waits for a place is answered at once', async () => {
    const running = Array.from({ length: 4 }, () => record());
    const calls = running.map((call) => generate('Once', { temperature: 0 }, call));
    const waiting = record();
    const refused = expect(generate('Once', {}, waiting)).rejects.toMatchObject({
      reason: 'Cancelled',
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    waiting.abort();
    await refused;
    for (const call of running) call.abort();
    await Promise.allSettled(calls);
  });

  test('a prompt that leaves no room is a context overflow with the counts', async () => {
    const refused = generate('Once upon a time. '.repeat(200));
    await expect(refused).rejects.toMatchObject({
      reason: 'ContextOverflow',
      details: { promptTokens: expect.any(Number) as number, contextTokens: CONTEXT_TOKENS },
    });
  });

  test('ten megabytes of prompt are refused quickly', async () => {
    const cpuMs = await cpuMsDuring(() =>
      expect(generate('story '.repeat(1_700_000))).rejects.toMatchObject({
        reason: 'ContextOverflow',
        details: { contextTokens: CONTEXT_TOKENS, isEstimate: true },
      }),
    );
    expect(cpuMs).toBeLessThan(2000);
  });

  test('more tokens than the context leaves are clamped', async () => {
    const story = await generate('Once upon a time', { temperature: 0, maxTokens: 1_000_000 });
    expect(story.promptTokens + story.completionTokens).toBeLessThan(CONTEXT_TOKENS);
  });

  test('lone surrogates and special tokens in a prompt are only text', async () => {
    const story = await generate('\ud800 <s></s>\u0000', { maxTokens: 3 });
    expect(story.promptTokens).toBeGreaterThan(8);
  });

  test('an empty message list content still has a beginning to continue', async () => {
    const input = { messages: [{ role: 'user' as const, content: '' }] };
    const story = await engine.generate(
      { caller: CALLER, input, sampling: { stop: [], maxTokens: 5 } },
      record(),
    );
    expect(story.promptTokens).toBe(1);
  });

  test('messages of a model without a template are joined by newlines', async () => {
    const messages = [
      { role: 'system' as const, content: 'Once upon' },
      { role: 'user' as const, content: 'a time' },
    ];
    const joined = await engine.countTokens({ input: { messages } }, recordCall<never>());
    const plain = await engine.countTokens(
      { input: { prompt: 'Once upon\na time' } },
      recordCall<never>(),
    );
    expect(joined).toEqual(plain);
  });

  test('what a call left is found again by the same owner alone, and changes no text', async () => {
    const before: Generated = await generate('The dog', { temperature: 0, maxTokens: 30 });
    await Promise.all(
      Array.from({ length: 4 }, () => generate('My secret is', { temperature: 0, maxTokens: 30 })),
    );
    const after = await generate('The dog', { temperature: 0, maxTokens: 30 });
    expect(after.content).toBe(before.content);
    expect(after.cachedTokens).toBeGreaterThan(0);
    const other = await engine.generate(
      {
        caller: { ...CALLER, owner: 'tests/other' },
        input: { prompt: 'The dog' },
        sampling: { stop: [], temperature: 0, maxTokens: 30 },
      },
      record(),
    );
    expect(other).toMatchObject({ content: before.content, cachedTokens: 0 });
  });

  test('an unsupported schema is refused before anything runs', async () => {
    const refused = generate('x', { schema: { type: 'string', pattern: '^a' } });
    await expect(refused).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule: 'unsupported_keyword', path: '/responseFormat/schema/pattern' },
    });
  });

  test('it does not embed', () => {
    expect(() => engine.embed({ caller: CALLER, texts: ['a'] }, recordCall<never>())).toThrow(
      RpcError,
    );
  });
});
