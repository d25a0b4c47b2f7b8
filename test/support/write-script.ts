import { expect } from 'vitest';
import type { CallSyntax } from '../../daemon/workers/llm/chat/chat-format.ts';
import type { GeneratedChunk, Tool, ToolChoice } from '../../daemon/workers/llm/ops.ts';
import { AnswerWriter } from '../../daemon/workers/llm/output/answer-writer.ts';
import { planCalls } from '../../daemon/workers/llm/output/call-plan.ts';
import type { AnswerPlan } from '../../daemon/workers/llm/output/plan.ts';
import { resolveSampling } from '../../daemon/workers/llm/sampling.ts';
import { createChunkWriter } from '../../daemon/workers/llm/text/chunk-writer.ts';
import {
  createByteModel,
  createSilentSampler,
  toTokens,
  type Script,
} from '../fakes/byte-model.ts';

export const SPECIALS = ['<tool_call>', '</tool_call>', '<think>', '</think>', '<|im_start|>'];
const template = (text: string) => [{ kind: 'template' as const, text }];
export const HERMES: CallSyntax = {
  opening: template('<tool_call>\n{"name": "'),
  beforeArguments: template('", "arguments": '),
  closing: template('}\n</tool_call>'),
  next: template('\n<tool_call>\n{"name": "'),
  noArguments: '{}',
};
export const LLAMA: CallSyntax = {
  opening: template('{"name": "'),
  beforeArguments: template('", "parameters": '),
  closing: [],
  next: undefined,
  noArguments: '{}',
};
const THOUGHT = { opening: '<think>', closing: '</think>', closingText: '\n</think>\n\n' };
const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
export const TOOLS: readonly Tool[] = [{ name: 'weather', parameters: CITY }, { name: 'time' }];

export interface Case {
  readonly script: Script;
  readonly specials?: readonly string[];
  readonly stop?: readonly string[];
  readonly syntax?: CallSyntax;
  readonly tools?: readonly Tool[];
  readonly choice?: ToolChoice;
  readonly thought?: boolean;
  readonly isThinking?: boolean;
  readonly schema?: boolean;
  readonly maxTokens?: number;
}

/** Writes a script, token by token, as the batch would. */
export async function writeScript(own: Case) {
  const specials = own.specials ?? [];
  const model = createByteModel(specials);
  const chunks: GeneratedChunk[] = [];
  const writer = createChunkWriter((chunk) => chunks.push(chunk), 0);
  const sampler = createSilentSampler();
  const grammar = { grammar: 'schema' };
  const calls = await planCalls(model, {
    tools: own.tools ?? (own.syntax === undefined ? [] : TOOLS),
    choice: own.choice ?? 'auto',
    syntax: own.syntax,
  });
  const plan: AnswerPlan = {
    prompt: {
      tokens: [32],
      isThinking: own.isThinking ?? false,
      stopStrings: [],
      stopTokens: new Set(),
    },
    dropped: undefined,
    sampling: resolveSampling({ stop: [], maxTokens: own.maxTokens ?? 1000 }, 4000),
    stop: own.stop ?? [],
    format: own.schema === true ? { schema: CITY, grammar, isBounded: true } : undefined,
    calls,
    thought: own.thought === true || own.isThinking === true ? THOUGHT : undefined,
  };
  const answer = new AnswerWriter(plan, { model, sampler, chunks: writer });
  const read = [...answer.begin()];
  for (const token of answer.isOver ? [] : toTokens(own.script, specials)) {
    const next = answer.push(token);
    if (next === undefined) break;
    read.push(...next);
  }
  answer.finish();
  const { content, reasoning } = writer;
  expect(chunks.map(({ delta }) => delta).join('')).toBe(content);
  expect(chunks.map((chunk) => chunk.reasoning ?? '').join('')).toBe(reasoning);
  return {
    content,
    reasoning,
    calls: chunks.flatMap(({ toolCall }) => toolCall ?? []),
    finishReason: answer.finishReason,
    completionTokens: answer.completionTokens,
    read: read
      .map((token) => (token < 256 ? String.fromCharCode(token) : (specials[token - 1000] ?? '')))
      .join(''),
    grammars: sampler.grammars,
    deltas: chunks.map(({ delta }) => delta),
  };
}
