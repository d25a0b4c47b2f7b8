import { RpcError } from '@locara/protocol/errors';
import { textOf, type ThoughtSyntax } from '../chat/chat-format.ts';
import type { Generated, GenerateParams } from '../ops.ts';
import { fitPrompt, type PromptSite } from '../prompt.ts';
import type { ResolvedSampling } from '../sampling.ts';
import { resolveSampling } from '../sampling.ts';
import type { GrammarSchema } from '../schema/grammar-schema.ts';
import { toGrammarSchema } from '../schema/response-schema.ts';
import { writeGrammar } from '../schema/write-grammar.ts';
import type { RenderedPrompt, TextModel } from '../text-model.ts';
import type { CallPlan } from './call-plan.ts';
import { planCalls } from './call-plan.ts';

/** Everything decided before the first token is computed. */
export interface AnswerPlan {
  readonly prompt: RenderedPrompt;
  readonly dropped: Generated['dropped'];
  readonly sampling: ResolvedSampling;
  /** The caller's; they end content alone. */
  readonly stop: readonly string[];
  /** What the content must be. */
  readonly format: FormatPlan | undefined;
  readonly calls: CallPlan | undefined;
  readonly thought: ThoughtPlan | undefined;
}

export interface FormatPlan {
  readonly schema: GrammarSchema;
  readonly grammar: object;
  /** Whether the text itself tells where the value ends. */
  readonly isBounded: boolean;
}

/** Marks around a thought: without the blanks that templates put around them, and the end as it is written. */
export interface ThoughtPlan {
  readonly opening: string;
  readonly closing: string;
  readonly closingText: string;
}

/** What cannot be written at all is refused first: bad schemas, tools the template does not know, prompts too long. */
export async function planAnswer(site: PromptSite, params: GenerateParams): Promise<AnswerPlan> {
  const { model } = site;
  const { input, sampling } = params;
  const chat = 'messages' in input ? await model.openFormat() : undefined;
  const format = await planFormat(model, sampling.schema);
  const calls = await planCalls(model, {
    tools: 'messages' in input ? (input.tools ?? []) : [],
    choice: params.toolChoice ?? 'auto',
    syntax: chat?.calls,
  });
  if (format !== undefined && calls !== undefined) {
    throw new RpcError('InvalidParams', 'An answer is a call or follows a schema, not both.', {
      details: { rule: 'tools_with_schema' },
    });
  }
  const offered = calls === undefined && 'messages' in input ? { ...input, tools: [] } : input;
  const { prompt, dropped, freeTokens } = await fitPrompt(site, { ...params, input: offered });
  return {
    prompt,
    dropped,
    format,
    calls,
    sampling: resolveSampling(sampling, freeTokens),
    stop: sampling.stop,
    thought: chat?.thought && planThought(chat.thought),
  };
}

function planThought({ opening, closing }: ThoughtSyntax): ThoughtPlan {
  const closingText = textOf(closing);
  return {
    opening: textOf(opening).trim(),
    closing: closingText.trim(),
    closingText,
  };
}

async function planFormat(
  model: TextModel,
  schema: Readonly<Record<string, unknown>> | undefined,
): Promise<FormatPlan | undefined> {
  if (schema === undefined) return undefined;
  const own = toGrammarSchema(schema);
  try {
    const grammar = await model.createGrammar(writeGrammar(own));
    return { schema: own, grammar, isBounded: own['type'] === 'object' || own['type'] === 'array' };
  } catch {
    throw new RpcError('InvalidParams', 'The response schema makes no grammar.', {
      details: { rule: 'schema_without_grammar', path: '/responseFormat/schema' },
    });
  }
}
