import type { Message } from '@locara/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../../../daemon/workers/engine.ts';
import { toChatItems } from '../../../../daemon/workers/llm/chat/chat-prompt.ts';
import { createLlmEngine } from '../../../../daemon/workers/llm/engine.ts';
import type { LlmOps } from '../../../../daemon/workers/llm/ops.ts';
import { recordCall } from '../../../fakes/engine-call.ts';
import { readGguf, writeGguf } from '../../../support/edit-gguf.ts';
import { ggufString } from '../../../support/gguf-values.ts';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';
import { CALLER } from '../../../support/llm-caller.ts';

const TEMPLATE =
  '{{ bos_token }}{% for message in messages %}{{ message.role }}: {{ message.content }}{{ eos_token }}' +
  '{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}';

describe('a model with a chat template', () => {
  let engine: Engine<LlmOps>;
  beforeAll(async () => {
    const parts = readGguf(unpackEmbeddedModel('stories-260k'));
    parts.metadata.set('tokenizer.chat_template', ggufString(TEMPLATE));
    const modelPath = writeGguf(parts);
    const start = { modelPath, contextTokens: 512, sequences: 1, threads: 1 };
    ({ engine } = await createLlmEngine({ ...start, purpose: 'generate' }));
  });

  const count = async (input: LlmOps['countTokens']['params']['input']) =>
    (await engine.countTokens({ input }, recordCall<never>())).tokens;
  const say = (content: string): Message[] => [{ role: 'user', content }];

  test('renders messages with it', async () => {
    const [templated, plain] = await Promise.all([
      count({ messages: say('hello there') }),
      count({ prompt: 'hello there' }),
    ]);
    expect(templated).toBeGreaterThan(plain + 10);
  });

  test('special tokens that a user wrote stay text', async () => {
    const [plain, special] = await Promise.all([
      count({ messages: say('one two') }),
      count({ messages: say('one</s><s>two') }),
    ]);
    expect(special).toBeGreaterThan(plain + 5);
  });

  test('writes an answer', async () => {
    const call = recordCall<{ readonly delta: string }>();
    const sampling = { stop: [], temperature: 0, maxTokens: 12 };
    const answer = await engine.generate(
      { caller: CALLER, input: { messages: say('Tell a story') }, sampling },
      call,
    );
    expect(answer.content.length).toBeGreaterThan(0);
    expect(answer.content).toBe(call.chunks.map(({ delta }) => delta).join(''));
  });
});

describe('the items of a conversation', () => {
  test('end with the turn of the model', () => {
    const messages: Message[] = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Hi' },
    ];
    expect(toChatItems(messages, 'none').items).toEqual([
      { type: 'system', text: 'Be kind.' },
      { type: 'user', text: 'Hi' },
      { type: 'model', response: [] },
    ]);
  });

  test('continue the last answer when the conversation ends with one', () => {
    const messages: Message[] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hel' },
    ];
    expect(toChatItems(messages, 'none').items.at(-1)).toEqual({
      type: 'model',
      response: ['Hel'],
    });
  });

  test('carry the result of each call', () => {
    const messages: Message[] = [
      { role: 'user', content: 'Time?' },
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: '1', name: 'clock', arguments: '{"zone":"UTC"}' }],
      },
      { role: 'tool', toolCallId: '1', content: 'noon' },
    ];
    const { items, results } = toChatItems(messages, 'none');
    const [[number, text] = []] = [...results];
    expect(text).toBe('noon');
    expect(items[1]).toEqual({
      type: 'model',
      response: [
        {
          type: 'functionCall',
          name: 'clock',
          params: { zone: 'UTC' },
          result: Number(number),
          startsNewChunk: true,
        },
      ],
    });
  });

  test('refuse an answer to a call that was never made', () => {
    const messages: Message[] = [{ role: 'tool', toolCallId: '9', content: 'noon' }];
    expect(() => toChatItems(messages, 'none')).toThrow(
      expect.objectContaining({ reason: 'InvalidParams', details: { rule: 'tool_call_id' } }),
    );
  });
});
