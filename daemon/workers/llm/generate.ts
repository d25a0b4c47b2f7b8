import { RpcError } from '@locara/protocol/errors';
import type { EngineCall } from '../engine.ts';
import type { Generated, GenerateParams, LlmOps } from './ops.ts';
import { createPacedEmit } from './text/paced-emit.ts';
import { assertPromptBytes, contextOverflow } from './prompt-limit.ts';
import { toGrammarSchema } from './schema/response-schema.ts';
import type { ResolvedSampling } from './sampling.ts';
import { resolveSampling } from './sampling.ts';
import type { Slots } from './slots.ts';
import { throwIfCancelled } from './slots.ts';
import type { Grammar, RenderedPrompt, Sequence, TextModel } from './text-model.ts';
import { createTextStream } from './text/text-stream.ts';

type Call = EngineCall<LlmOps['generate']['chunk']>;

/** Everything decided before the first token is computed. */
interface Plan {
  readonly prompt: RenderedPrompt;
  readonly sampling: ResolvedSampling;
  readonly stop: readonly string[];
  readonly grammar: Grammar | undefined;
}

/** Tokens of the prompt read between two looks at the signal. */
const PREFILL_TOKENS = 512;
/** One frame of a screen: nobody sees more messages than that, and each costs all three processes. */
const CHUNK_INTERVAL_MS = 16;

/** The `generate` operation: checks and plans first, then waits for a sequence of its own. */
export async function generate(
  { model, slots }: { readonly model: TextModel; readonly slots: Slots },
  params: GenerateParams,
  call: Call,
): Promise<Generated> {
  throwIfCancelled(call.signal);
  const plan = await planGeneration(model, params);
  return slots.run(call.signal, async () => {
    const sequence = model.openSequence();
    try {
      return await runPlan({ model, sequence, plan }, call);
    } finally {
      await sequence.close();
    }
  });
}

/** The prompt's tokens, refused early when there are far too many. */
export function renderChecked(model: TextModel, input: GenerateParams['input']): RenderedPrompt {
  const texts = 'prompt' in input ? [input.prompt] : input.messages.map(({ content }) => content);
  assertPromptBytes(texts.join('\n'), {
    contextTokens: model.contextTokens,
    countTokens: (text) => model.tokenize(text).length,
  });
  return model.renderPrompt(input);
}

async function planGeneration(model: TextModel, params: GenerateParams): Promise<Plan> {
  const { schema, stop } = params.sampling;
  const grammarSchema = schema === undefined ? undefined : toGrammarSchema(schema);
  const prompt = renderChecked(model, params.input);
  const promptTokens = prompt.tokens.length;
  if (promptTokens === 0) {
    throw new RpcError('InvalidParams', 'The prompt is empty.', {
      details: { rule: 'empty_prompt' },
    });
  }
  // The engine keeps the last cell of a context for itself.
  const freeTokens = model.contextTokens - 1 - promptTokens;
  if (freeTokens < 1) throw contextOverflow({ promptTokens, contextTokens: model.contextTokens });
  const grammar = grammarSchema && (await createGrammar(model, grammarSchema));
  return {
    prompt,
    grammar,
    sampling: resolveSampling(params.sampling, freeTokens),
    stop: [...stop, ...prompt.stopStrings, ...(grammar === undefined ? [] : [grammar.endMark])],
  };
}

async function createGrammar(
  model: TextModel,
  schema: Parameters<TextModel['createGrammar']>[0],
): Promise<Grammar> {
  try {
    return await model.createGrammar(schema);
  } catch {
    throw new RpcError('InvalidParams', 'The response schema makes no grammar.', {
      details: { rule: 'schema_without_grammar', path: '/responseFormat/schema' },
    });
  }
}

async function runPlan(
  { model, sequence, plan }: { model: TextModel; sequence: Sequence; plan: Plan },
  call: Call,
): Promise<Generated> {
  const startedAt = performance.now();
  const { prompt, sampling } = plan;
  const emit = createPacedEmit((delta) => {
    call.chunk({ delta });
  }, CHUNK_INTERVAL_MS);
  const text = createTextStream({
    detokenize: (tokens, before) => model.detokenize(tokens, before),
    before: prompt.tokens,
    stop: plan.stop,
    emit,
  });
  const rest = await prefill(sequence, prompt, call);
  let completionTokens = 0;
  let firstTokenMs = 0;
  let finishReason: Generated['finishReason'] = 'stop';
  for await (const token of sequence.generate(rest, sampling, plan.grammar)) {
    throwIfCancelled(call.signal);
    if (++completionTokens === 1) {
      firstTokenMs = performance.now() - startedAt;
      call.progress({ stage: 'running' });
    }
    if (prompt.stopTokens.has(token) || text.push(token)) break;
    if (completionTokens >= sampling.maxTokens) {
      finishReason = 'length';
      break;
    }
  }
  throwIfCancelled(call.signal);
  const content = text.finish();
  emit.flush();
  return {
    content,
    finishReason,
    promptTokens: prompt.tokens.length,
    cachedTokens: 0,
    completionTokens,
    firstTokenMs: completionTokens === 0 ? performance.now() - startedAt : firstTokenMs,
  };
}

/** Reads the prompt in pieces, so that a cancelled call stops soon; returns the last piece unread. */
async function prefill(
  sequence: Sequence,
  { tokens }: RenderedPrompt,
  call: Call,
): Promise<RenderedPrompt['tokens']> {
  let completed = 0;
  for (;;) {
    throwIfCancelled(call.signal);
    call.progress({ stage: 'prefill', completed, total: tokens.length, unit: 'tokens' });
    const piece = tokens.slice(completed, completed + PREFILL_TOKENS);
    if (completed + piece.length === tokens.length) return piece;
    await sequence.prefill(piece);
    completed += piece.length;
  }
}
