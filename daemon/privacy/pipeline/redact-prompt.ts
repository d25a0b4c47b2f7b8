import type { Message } from '@locara/protocol';
import type { PromptInput } from '../../workers/llm/ops.ts';
import type { RunningPipeline } from './pipeline.ts';
import { redactJson } from './redact-json.ts';

/** What a model is to read, redacted: the words of every role and who wrote them, thoughts, and what tools were called with. */
export async function redactPrompt(
  running: Pick<RunningPipeline, 'redactTexts'>,
  input: PromptInput,
): Promise<PromptInput> {
  if ('prompt' in input) {
    const [prompt = ''] = await running.redactTexts([input.prompt]);
    return { ...input, prompt };
  }
  const { messages, ...rest } = input;
  const texts = messages.flatMap(({ content, reasoning, name }) =>
    [content, reasoning, name].filter((text) => text !== undefined),
  );
  // In one go: the same name gets the same placeholder in all messages.
  const redacted = (await running.redactTexts(texts)).values();
  const next = (): string => redacted.next().value ?? '';
  const written: Message[] = [];
  for (const message of messages) {
    const { reasoning, name, toolCalls } = message;
    written.push({
      ...message,
      content: next(),
      ...(reasoning === undefined ? {} : { reasoning: next() }),
      ...(name === undefined ? {} : { name: next() }),
      ...(toolCalls === undefined ? {} : { toolCalls: await redactCalls(running, toolCalls) }),
    });
  }
  return { ...rest, messages: written };
}

type ToolCalls = NonNullable<Message['toolCalls']>;

async function redactCalls(
  running: Pick<RunningPipeline, 'redactTexts'>,
  toolCalls: ToolCalls,
): Promise<ToolCalls> {
  const redacted: ToolCalls = [];
  for (const call of toolCalls) {
    redacted.push({ ...call, arguments: await redactJson(running, call.arguments) });
  }
  return redacted;
}
