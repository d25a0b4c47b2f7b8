import type { PromptInput } from '../../workers/llm/ops.ts';
import type { RunningPipeline } from './pipeline.ts';

/** What a model is to read, redacted: the words of every role, its thoughts, and what tools were called with. */
export async function redactPrompt(
  running: Pick<RunningPipeline, 'redactTexts'>,
  input: PromptInput,
): Promise<PromptInput> {
  if ('prompt' in input) {
    const [prompt = ''] = await running.redactTexts([input.prompt]);
    return { ...input, prompt };
  }
  const { messages, ...rest } = input;
  const texts = messages.flatMap(({ content, reasoning, toolCalls = [] }) => [
    content,
    ...(reasoning === undefined ? [] : [reasoning]),
    ...toolCalls.map((call) => call.arguments),
  ]);
  // In one go: the same name gets the same placeholder in all messages.
  const redacted = (await running.redactTexts(texts)).values();
  const next = (): string => redacted.next().value ?? '';
  return {
    ...rest,
    messages: messages.map((message) => {
      const { reasoning, toolCalls } = message;
      return {
        ...message,
        content: next(),
        ...(reasoning === undefined ? {} : { reasoning: next() }),
        ...(toolCalls === undefined
          ? {}
          : { toolCalls: toolCalls.map((call) => ({ ...call, arguments: next() })) }),
      };
    }),
  };
}
