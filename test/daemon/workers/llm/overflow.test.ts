import type { Message } from '@locara/protocol';
import { beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../../../daemon/workers/engine.ts';
import { createLlmEngine } from '../../../../daemon/workers/llm/engine.ts';
import type { GeneratedChunk, GenerateParams, LlmOps } from '../../../../daemon/workers/llm/ops.ts';
import { recordCall } from '../../../fakes/engine-call.ts';
import { makeChatModel, TEMPLATES } from '../../../support/chat-models.ts';
import { CALLER } from '../../../support/llm-caller.ts';

let engine: Engine<LlmOps>;
beforeAll(async () => {
  const modelPath = makeChatModel(TEMPLATES.plain);
  const start = { modelPath, contextTokens: 512, sequences: 2, threads: 1 };
  ({ engine } = await createLlmEngine({ ...start, purpose: 'generate' }));
});

const run = (input: GenerateParams['input'], overflow: GenerateParams['overflow'], maxTokens = 8) =>
  engine.generate(
    {
      caller: CALLER,
      input,
      ...(overflow === undefined ? {} : { overflow }),
      sampling: { stop: [], temperature: 0, maxTokens },
    },
    recordCall<GeneratedChunk>(),
  );
const turns = (pairs: number): Message[] =>
  Array.from({ length: pairs }, (_value, index): Message[] => [
    { role: 'user', content: `Question ${index}: why is the sky so blue today?` },
    { role: 'assistant', content: `Answer ${index}: because it likes to be.` },
  ]).flat();
const LAST: Message = { role: 'user', content: 'And the sea?' };

test('a conversation that does not fit is refused with the counts', async () => {
  await expect(run({ messages: [...turns(40), LAST] }, undefined)).rejects.toMatchObject({
    reason: 'ContextOverflow',
    details: { promptTokens: expect.any(Number) as number, contextTokens: 512 },
  });
});

test('its oldest messages are left out where the caller asks, never the system or the last one', async () => {
  const system: Message = { role: 'system', content: 'Be kind.' };
  const long = await run({ messages: [system, ...turns(40), LAST] }, 'dropOldest', 100);
  expect(long.dropped?.messages).toBeGreaterThan(50);
  expect(long.promptTokens).toBeLessThanOrEqual(512 - 1 - 100);
  const kept = 80 - (long.dropped?.messages ?? 0);
  const same = await run({ messages: [system, ...turns(40).slice(-kept), LAST] }, undefined, 100);
  expect(same.promptTokens).toBe(long.promptTokens);
  expect(same.content).toBe(long.content);
});

test('nothing is left out of what fits', async () => {
  expect((await run({ messages: [LAST] }, 'dropOldest')).dropped).toBeUndefined();
});

test('a call and its result stay or go together', async () => {
  const call: Message[] = [
    { role: 'user', content: 'Call.' },
    { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'f', arguments: '{}' }] },
    { role: 'tool', toolCallId: 'a', content: 'result '.repeat(30) },
  ];
  const { dropped } = await run({ messages: [...call, ...turns(12), LAST] }, 'dropOldest');
  expect(dropped?.messages).toBeGreaterThanOrEqual(3);
});

test('a last message that fits nowhere is refused', async () => {
  const messages = [...turns(3), { role: 'user' as const, content: 'why '.repeat(2000) }];
  await expect(run({ messages }, 'dropOldest')).rejects.toMatchObject({
    reason: 'ContextOverflow',
  });
});

test('of a plain text the end is kept', async () => {
  const prompt = `${'once upon a time '.repeat(500)}Lily went`;
  const { dropped, promptTokens } = await run({ prompt }, 'dropOldest');
  expect(promptTokens).toBe(512 - 1 - 8);
  expect(dropped?.messages).toBe(0);
  const { tokens } = await engine.countTokens({ input: { prompt } }, recordCall<never>());
  expect((dropped?.tokens ?? 0) + promptTokens).toBe(tokens);
});

test('more tokens than anybody has are as many as there is room for', async () => {
  const { finishReason, completionTokens, promptTokens } = await run(
    { messages: [LAST] },
    'refuse',
    1e9,
  );
  expect(completionTokens + promptTokens).toBeLessThanOrEqual(511);
  expect(['stop', 'length']).toContain(finishReason);
});

test('the longest conversation holds nobody else up for long', async () => {
  const messages = Array.from({ length: 10_000 }, (_value, index): Message => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: 'a few words of a very long conversation, over and over again '.repeat(5),
  }));
  // Of this thread alone: what other processes take of a shared core is no work of its own.
  const spentMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longestMs = 0;
  let lastMs = spentMs();
  let isRunning = true;
  const tick = (): void => {
    longestMs = Math.max(longestMs, spentMs() - lastMs);
    lastMs = spentMs();
    if (isRunning) setImmediate(tick);
  };
  setImmediate(tick);
  const { dropped } = await run({ messages }, 'dropOldest');
  isRunning = false;
  expect(dropped?.messages).toBeGreaterThan(9900);
  expect(longestMs).toBeLessThan(150);
});

test('half characters become replacements, and never an error', async () => {
  const { promptTokens } = await run(
    { messages: [{ role: 'user', content: '\ud800' }] },
    undefined,
  );
  expect(promptTokens).toBeGreaterThan(1);
});
