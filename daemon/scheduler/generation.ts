import { type Completion, type Params, RpcError } from '@locara/protocol';
import type { Generated, PromptInput, Sampling, Tool } from '../workers/llm/ops.ts';
import { estimateTokens } from './quotas/call-meter.ts';
import type { CallEstimate } from './quotas/token-quotas.ts';

/** How a caller wants text written. */
export type SamplingParams = Omit<Params<'llm.complete'>, 'prompt' | 'pipeline'>;
type ToolParams = NonNullable<Params<'llm.chat'>['tools']>[number];

export function toConversation({
  messages,
  tools,
}: Pick<Params<'llm.chat'>, 'messages' | 'tools'>): PromptInput {
  return { messages, ...(tools === undefined ? {} : { tools: tools.map(toTool) }) };
}

function toTool({ name, description, parameters }: ToolParams): Tool {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

export function toSampling(params: SamplingParams): Sampling {
  const { maxTokens, temperature, topP, topK, minP, seed, responseFormat } = params;
  const { repeatPenalty, presencePenalty, frequencyPenalty } = params;
  const stop = [params.stop ?? []].flat();
  assertWholeCharacters(stop);
  return {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(minP === undefined ? {} : { minP }),
    ...(repeatPenalty === undefined ? {} : { repeatPenalty }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
    ...(seed === undefined ? {} : { seed }),
    ...(responseFormat === undefined ? {} : { schema: responseFormat.schema }),
    stop,
  };
}

/** Half a character as a stop string would cut the text in the middle of one. */
function assertWholeCharacters(stop: readonly string[]): void {
  if (stop.every((text) => text.isWellFormed())) return;
  throw new RpcError('InvalidParams', 'A stop string has half a character.', {
    details: { issues: [{ path: 'stop', rule: 'whole characters, no lone surrogate' }] },
  });
}

/** Without a word from the caller, and at most: few texts are longer, and all of them pay in the end. */
const EXPECTED_ANSWER_TOKENS = { usual: 256, most: 1024 };

/** What a text is expected to take, before its model has seen it. */
export function estimateGeneration(input: PromptInput, { maxTokens }: Sampling): CallEstimate {
  const { usual, most } = EXPECTED_ANSWER_TOKENS;
  return {
    promptTokens: estimateTokens(textsOf(input)),
    completionTokens: Math.min(maxTokens ?? usual, most),
  };
}

function textsOf(input: PromptInput): string[] {
  if ('prompt' in input) return [input.prompt];
  const { messages, tools = [] } = input;
  const written = messages.flatMap(({ content, reasoning = '', toolCalls = [] }) => [
    content,
    reasoning,
    ...toolCalls.map((call) => call.arguments),
  ]);
  return tools.length === 0 ? written : [...written, JSON.stringify(tools)];
}

/** What a text took: tokens that an earlier call had read are free. */
export function tokensOf({ promptTokens, cachedTokens, completionTokens }: Generated): number {
  return Math.max(0, promptTokens - cachedTokens) + completionTokens;
}

export function toCompletion(generated: Generated, timings: Completion['timings']): Completion {
  const { content, reasoning, toolCalls, finishReason, dropped } = generated;
  const { promptTokens, cachedTokens, completionTokens } = generated;
  return {
    content,
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(toolCalls === undefined ? {} : { toolCalls: [...toolCalls] }),
    finishReason,
    ...(dropped === undefined ? {} : { dropped }),
    usage: { promptTokens, cachedTokens, completionTokens },
    timings,
  };
}
