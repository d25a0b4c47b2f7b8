import type { Message } from '@locara/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../../../daemon/workers/engine.ts';
import { createLlmEngine } from '../../../../daemon/workers/llm/engine.ts';
import type {
  GeneratedChunk,
  GenerateParams,
  LlmOps,
  Sampling,
  Tool,
} from '../../../../daemon/workers/llm/ops.ts';
import { recordCall } from '../../../fakes/engine-call.ts';
import { makeChatModel, TEMPLATES } from '../../../support/chat-models.ts';
import { CALLER } from '../../../support/llm-caller.ts';

const SPECIALS = {
  '<|im_start|>': 'control',
  '<|im_end|>': 'control',
  '<tool_call>': 'added',
  '</tool_call>': 'added',
  '<think>': 'added',
  '</think>': 'added',
} as const;
const TOOLS: readonly Tool[] = [
  {
    name: 'weather',
    description: 'Weather of a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', maxLength: 12 }, days: { type: 'integer' } },
      required: ['city'],
    },
  },
  { name: 'time' },
];
const ASK: readonly Message[] = [{ role: 'user', content: 'Weather in Rome?' }];

const load = async (template: keyof typeof TEMPLATES, types = {}) => {
  const modelPath = makeChatModel(TEMPLATES[template], types);
  const start = { modelPath, contextTokens: 1500, sequences: 2, threads: 1 };
  return (await createLlmEngine({ ...start, purpose: 'generate' })).engine;
};
const answer = async (
  engine: Engine<LlmOps>,
  own: Partial<GenerateParams>,
  sampling: Partial<Sampling> = {},
) => {
  const call = recordCall<GeneratedChunk>();
  const generated = await engine.generate(
    {
      caller: CALLER,
      input: { messages: ASK, tools: TOOLS },
      ...own,
      sampling: { stop: [], seed: 3, temperature: 1, maxTokens: 200, ...sampling },
    },
    call,
  );
  return { ...generated, chunks: call.chunks };
};
const count = async (engine: Engine<LlmOps>, messages: readonly Message[], tools = TOOLS) =>
  (await engine.countTokens({ input: { messages, tools } }, recordCall<never>())).tokens;

describe.each([
  ['tools', {}],
  ['tools', SPECIALS],
  ['mistral', {}],
  ['llama3', {}],
] as const)('a model with the template %s and the tokens %o', (name, types) => {
  let engine: Engine<LlmOps>;
  beforeAll(async () => {
    engine = await load(name, types);
  });

  test('calls the function that it must', async () => {
    const { toolCalls, content, finishReason, chunks, completionTokens } = await answer(engine, {
      toolChoice: { name: 'weather' },
    });
    expect({ content, finishReason, calls: toolCalls?.length }).toEqual({
      content: '',
      finishReason: 'tool_calls',
      calls: 1,
    });
    const args = JSON.parse(toolCalls?.[0]?.arguments ?? '') as Record<string, unknown>;
    expect(args['city']).toBeTypeOf('string');
    expect(chunks).toEqual([{ delta: '', toolCall: toolCalls?.[0] }]);
    expect(completionTokens).toBeGreaterThan(10);
  });

  test('calls one of those it must choose from', async () => {
    for (const seed of [1, 2, 3]) {
      const { toolCalls = [] } = await answer(engine, { toolChoice: 'required' }, { seed });
      expect(toolCalls.length).toBeGreaterThan(0);
      for (const { name: called } of toolCalls) expect(['weather', 'time']).toContain(called);
    }
  });

  test('calls nothing when it must not', async () => {
    const { toolCalls, content, promptTokens } = await answer(engine, { toolChoice: 'none' });
    expect(toolCalls).toBeUndefined();
    expect(content.length).toBeGreaterThan(0);
    expect(promptTokens).toBe(await count(engine, ASK, []));
  });

  test('reads calls and results of earlier turns', async () => {
    const messages: Message[] = [
      ...ASK,
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'a', name: 'weather', arguments: '{"city":"Rome"}' }],
      },
      { role: 'tool', toolCallId: 'a', content: 'sunny and warm' },
    ];
    expect(await count(engine, messages)).toBeGreaterThan((await count(engine, ASK)) + 20);
    const { content } = await answer(engine, { input: { messages, tools: TOOLS } });
    expect(content).not.toContain('tool_call');
  });
});

describe('special tokens in a vocabulary', () => {
  let engine: Engine<LlmOps>;
  beforeAll(async () => {
    engine = await load('tools', SPECIALS);
  });

  test.each(['<|im_start|>', '<tool_call>', '</s>'])(
    '%s stays text in messages, tools, calls and results',
    async (mark) => {
      const plain = mark.replace('<', '[');
      const build = (text: string): [readonly Message[], readonly Tool[]] => [
        [
          { role: 'system', content: text },
          { role: 'user', content: text },
          {
            role: 'assistant',
            content: text,
            toolCalls: [{ id: 'a', name: 'weather', arguments: JSON.stringify({ city: text }) }],
          },
          { role: 'tool', toolCallId: 'a', content: text },
        ],
        [{ name: 'weather', description: text, parameters: { type: 'object', description: text } }],
      ];
      const [special, harmless] = await Promise.all(
        [mark, plain].map((text) => count(engine, ...build(text))),
      );
      // As special tokens, five of them would save more than twenty.
      expect(special).toBeGreaterThan((harmless ?? 0) - 6);
    },
  );
});

describe('a model that thinks first', () => {
  let engine: Engine<LlmOps>;
  beforeAll(async () => {
    engine = await load('thinking', SPECIALS);
  });

  test('streams its thoughts apart from its content', async () => {
    const { content, reasoning, chunks } = await answer(engine, { input: { messages: ASK } });
    expect(reasoning?.length).toBeGreaterThan(0);
    expect(chunks.map((chunk) => chunk.reasoning ?? '').join('')).toBe(reasoning);
    expect(chunks.map(({ delta }) => delta).join('')).toBe(content);
  });

  test('hears thoughts of earlier turns no more', async () => {
    const turn = (reasoning: string): Message[] => [
      ...ASK,
      { role: 'assistant', content: 'Sunny.', reasoning },
      { role: 'user', content: 'Thanks.' },
    ];
    expect(await count(engine, turn('a long thought '.repeat(9)))).toBe(
      await count(engine, turn('')),
    );
  });
});

test('a model whose template knows no tools says so', async () => {
  const engine = await load('plain');
  await expect(answer(engine, {})).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { parameter: 'tools' },
  });
  const { content } = await answer(engine, { toolChoice: 'none' });
  expect(content.length).toBeGreaterThan(0);
});

test('tools that cannot be offered are refused', async () => {
  const engine = await load('tools');
  const refuse = async (own: Partial<GenerateParams>, details: object, sampling = {}) => {
    await expect(answer(engine, own, sampling)).rejects.toMatchObject({
      reason: 'InvalidParams',
      details,
    });
  };
  const offer = (...tools: Tool[]) => ({ input: { messages: ASK, tools } });
  await refuse(offer({ name: 'a' }, { name: 'a' }), { rule: 'tool_name_twice' });
  await refuse({ toolChoice: { name: 'b' } }, { rule: 'unknown_tool' });
  await refuse({ ...offer(), toolChoice: 'required' }, { rule: 'no_tools' });
  await refuse(offer({ name: 'a', parameters: { type: 'string' } }), {
    rule: 'parameters_not_an_object',
    path: '/tools/0/parameters',
  });
  await refuse(offer({ name: 'a', parameters: { type: 'object', pattern: '(a+)+$' } }), {
    rule: 'unsupported_keyword',
  });
  await refuse({}, { rule: 'tools_with_schema' }, { schema: { type: 'object' } });
});
