import { RpcError } from '@locara/protocol/errors';
import type { EngineCall } from '../engine.ts';
import type { Generated, GenerateParams, LlmOps } from './ops.ts';
import { createPacedEmit } from './text/paced-emit.ts';
import { assertPromptBytes, contextOverflow } from './prompt-limit.ts';
import { toGrammarSchema } from './schema/response-schema.ts';
import type { ResolvedSampling } from './sampling.ts';
import { isReproducible, resolveSampling } from './sampling.ts';
import type { Batch } from './batch/batch.ts';
import { throwIfCancelled } from './cancelled.ts';
import type { Grammar, RenderedPrompt, TextModel } from './text-model.ts';
import { createTextStream } from './text/text-stream.ts';

type Call = EngineCall<LlmOps['generate']['chunk']>;

/** Everything decided before the first token is computed. */
interface Plan {
  readonly prompt: RenderedPrompt;
  readonly sampling: ResolvedSampling;
  readonly stop: readonly string[];
  readonly grammar: Grammar | undefined;
}

/** One frame of a screen: nobody sees more messages than that, and each costs all three processes. */
const CHUNK_INTERVAL_MS = 16;

/** The `generate` operation: checks and plans first, then joins the batch. */
export async function generate(
  { model, batch }: { readonly model: TextModel; readonly batch: Batch },
  params: GenerateParams,
  call: Call,
): Promise<Generated> {
  throwIfCancelled(call.signal);
  const plan = await planGeneration(model, params);
  return runPlan({ model, batch, params, plan }, call);
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

/** What one generation works with. */
interface Work {
  readonly model: TextModel;
  readonly batch: Batch;
  readonly params: GenerateParams;
  readonly plan: Plan;
}

async function runPlan({ model, batch, params, plan }: Work, call: Call): Promise<Generated> {
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
  let completionTokens = 0;
  let firstTokenMs = 0;
  let finishReason: Generated['finishReason'] = 'stop';
  const sampler = model.createSampler(sampling);
  if (plan.grammar !== undefined) sampler.useGrammar(plan.grammar.grammar);
  try {
    call.progress({ stage: 'prefill', completed: 0, total: prompt.tokens.length, unit: 'tokens' });
    const { cachedTokens } = await batch.run({
      caller: params.caller,
      prompt: prompt.tokens,
      sampler,
      isReproducible: isReproducible(params.sampling),
      signal: call.signal,
      onRead: (completed) => {
        const total = prompt.tokens.length;
        if (completed < total)
          call.progress({ stage: 'prefill', completed, total, unit: 'tokens' });
      },
      onToken: (token) => {
        if (model.isEnd(token)) return undefined;
        if (++completionTokens === 1) {
          firstTokenMs = performance.now() - startedAt;
          call.progress({ stage: 'running' });
        }
        if (prompt.stopTokens.has(token) || text.push(token)) return undefined;
        if (completionTokens < sampling.maxTokens) return [token];
        finishReason = 'length';
        return undefined;
      },
    });
    const content = text.finish();
    emit.flush();
    return {
      content,
      finishReason,
      promptTokens: prompt.tokens.length,
      cachedTokens,
      completionTokens,
      firstTokenMs: completionTokens === 0 ? performance.now() - startedAt : firstTokenMs,
    };
  } finally {
    sampler.close();
  }
}
