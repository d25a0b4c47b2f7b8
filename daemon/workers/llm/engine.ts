import type { Message } from '@locara/protocol';
import type {
  ChatWrapper,
  Llama,
  LlamaContext,
  LlamaModel,
  Token as LlamaToken,
} from 'node-llama-cpp';
import { resolveChatWrapper } from 'node-llama-cpp';
import type { Engine, LoadedEngine } from '../engine.ts';
import { joinContents, toChatItems } from './chat/chat-prompt.ts';
import { createBatch } from './batch/create-batch.ts';
import { probeInvariance } from './batch/invariance.ts';
import { createNativeContext, findInternals } from './library/native-context.ts';
import { NativeSampler } from './library/native-sampler.ts';
import { refusePurpose, toStartError } from './library/start-errors.ts';
import { createEmbedEngine, createRankEngine } from './library/vector-engines.ts';
import { rankByLikelihood } from './rank/rank-by-likelihood.ts';
import { generate, renderChecked } from './generate.ts';
import { createEngineThreads, type EngineThreads } from './engine-threads.ts';
import { checkGguf } from './gguf/gguf-check.ts';
import { openLlama } from './library/open-llama.ts';
import type { LlmOps, LlmStart } from './ops.ts';
import { throwIfCancelled } from './cancelled.ts';
import type { RenderedPrompt, TextModel } from './text-model.ts';

/** What is known of a model before its context is made. */
interface SizedStart extends LlmStart {
  readonly vocabularySize: number;
  readonly canTruncate: boolean;
}

/** What the engine's schema grammars write after a complete value. */
const GRAMMAR_END = '\n\n\n\n';

/**
 * Loads one model, once. Throws Unavailable when its file is unsound or the engine has no binary for
 * this machine, InsufficientResources when its context does not fit into memory.
 */
export async function createLlmEngine(start: LlmStart): Promise<LoadedEngine<LlmOps>> {
  const summary = checkGguf(start.modelPath);
  const isWriter = start.purpose === 'generate' && !summary.isRanker;
  if (isWriter && !summary.isCausal) refusePurpose('text-to-embedding');
  if (start.purpose === 'embed' && summary.isRanker) refusePurpose('reranking');
  // A context far over the trained size takes the engine minutes and all memory before it fails.
  const contextTokens = Math.min(start.contextTokens, summary.contextTokens);
  const { llama, device } = await openLlama(start);
  const model = await loadModel(llama, start.modelPath);
  const sized: SizedStart = {
    ...start,
    contextTokens,
    vocabularySize: summary.vocabularySize,
    canTruncate: !summary.isRecurrent,
  };
  const threads = createEngineThreads({ device });
  const createEngine = isWriter
    ? createGenerateEngine
    : start.purpose === 'generate'
      ? createRankEngine
      : createEmbedEngine;
  const engine = await createEngine(model, sized, threads);
  return { engine, device, watchDevice: threads.watchDevice };
}

async function loadModel(llama: Llama, modelPath: string): Promise<LlamaModel> {
  try {
    return await llama.loadModel({ modelPath });
  } catch (cause) {
    throw toStartError(cause, 'model_refused');
  }
}

async function createGenerateEngine(
  model: LlamaModel,
  start: SizedStart,
  threads: EngineThreads,
): Promise<Engine<LlmOps>> {
  const { contextTokens } = start;
  const context = await createContext(model, start);
  const limits = {
    cells: contextTokens,
    maxBatchTokens: context.batchSize,
    canTruncate: start.canTruncate,
  };
  const decodeContext = createNativeContext(context, model, limits);
  const batch = createBatch({
    context: decodeContext,
    invariance: await probeInvariance(decodeContext, start.vocabularySize),
    minReadTokens: model.llama.gpu === false ? CPU_READ_TOKENS : GPU_READ_TOKENS,
    onStep: threads.observe,
  });
  threads.onChange((count) => {
    batch.setThreads(count);
  });
  const textModel = toTextModel(model, context, contextTokens);
  return {
    generate: (params, call) => generate({ model: textModel, batch }, params, call),
    countTokens: ({ input }, call) => {
      throwIfCancelled(call.signal);
      return { tokens: renderChecked(textModel, input).tokens.length };
    },
    embed: () => refusePurpose('text-to-text'),
    rank: (params, call) => rankByLikelihood({ model: textModel, batch }, params, call),
    forget: ({ session }) => {
      batch.forget(session);
    },
    setThreads: ({ threads: count }) => {
      threads.setAllowed(count);
    },
  };
}

/** Pieces of a prompt: the least that are read at once, and the most. */
const CPU_READ_TOKENS = 16;
const GPU_READ_TOKENS = 128;
const CPU_BATCH_TOKENS = 128;
const GPU_BATCH_TOKENS = 512;

function createContext(model: LlamaModel, start: SizedStart): Promise<LlamaContext> {
  const { contextTokens, sequences, threads } = start;
  const isCpu = model.llama.gpu === false;
  return model
    .createContext({
      contextSize: contextTokens,
      sequences,
      threads,
      batchSize: isCpu ? CPU_BATCH_TOKENS : GPU_BATCH_TOKENS,
      // On a processor it reads in other kernels the more is read at once, and heads of 8 take twice as long.
      flashAttention: isCpu ? false : 'auto',
    })
    .catch((cause: unknown) => Promise.reject(toStartError(cause, 'context_refused')));
}

function toTextModel(model: LlamaModel, context: LlamaContext, contextTokens: number): TextModel {
  const chat = resolveTemplate(model);
  const internals = findInternals(context, model);
  return {
    contextTokens,
    tokenize: (text) => model.tokenize(text.toWellFormed()),
    detokenize: (tokens, before) =>
      model.detokenize(tokens as LlamaToken[], false, before as LlamaToken[]),
    renderPrompt: (input) => {
      if ('prompt' in input) return renderText(model, input.prompt);
      if (chat === undefined) return renderText(model, joinContents(input.messages));
      return renderChat(model, chat, input.messages);
    },
    isEnd: (token) => model.isEogToken(token as LlamaToken),
    createSampler: (sampling) => new NativeSampler(internals, sampling, model),
    createGrammar: async (schema) => ({
      // Any schema: its shape was checked, the library's type describes each kind on its own.
      grammar: await model.llama.createGrammarForJsonSchema(schema as { type: 'null' }),
      endMark: GRAMMAR_END,
    }),
  };
}

/** The chat template of the model's own file; none of the library's guesses for a model without one. */
function resolveTemplate(model: LlamaModel): ChatWrapper | undefined {
  const template: unknown = model.fileInfo.metadata.tokenizer.chat_template;
  if (typeof template !== 'string' || template.trim() === '') return undefined;
  return resolveChatWrapper(model, { warningLogs: false });
}

function renderText(model: LlamaModel, text: string): RenderedPrompt {
  return {
    tokens: withBeginning(model, model.tokenize(text.toWellFormed())),
    stopStrings: [],
    stopTokens: new Set(),
  };
}

/** What users wrote stays text: only the template's own special tokens become tokens. */
function renderChat(
  model: LlamaModel,
  chat: ChatWrapper,
  messages: readonly Message[],
): RenderedPrompt {
  const { contextText, stopGenerationTriggers } = chat.generateContextState({
    chatHistory: toChatItems(messages),
  });
  const stopStrings: string[] = [];
  const stopTokens = new Set<number>();
  for (const trigger of stopGenerationTriggers) {
    const [first, ...others] = trigger.tokenize(model.tokenizer);
    if (first !== undefined && others.length === 0 && model.isSpecialToken(first)) {
      stopTokens.add(first);
    } else if (trigger.toString() !== '') stopStrings.push(trigger.toString());
  }
  return {
    tokens: withBeginning(model, contextText.tokenize(model.tokenizer)),
    stopStrings,
    stopTokens,
  };
}

function withBeginning(model: LlamaModel, tokens: LlamaToken[]): LlamaToken[] {
  const { bos, shouldPrependBosToken } = model.tokens;
  return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
}
