import { RpcError } from '@locara/protocol/errors';
import type { LlamaContext, LlamaModel, Token as LlamaToken } from 'node-llama-cpp';
import type { Engine, LoadedEngine } from '../engine.ts';
import type { VectorModel } from './embed.ts';
import { embed } from './embed.ts';
import { createBatch } from './batch/create-batch.ts';
import { probeInvariance } from './batch/invariance.ts';
import { createNativeContext } from './library/native-context.ts';
import { describeDevice, loadModel, openLlama, toStartError } from './library/open-model.ts';
import { createTextModel } from './library/text-model.ts';
import { generate } from './generate.ts';
import { checkGguf } from './gguf/gguf-check.ts';
import type { LlmOps, LlmStart } from './ops.ts';
import { throwIfCancelled } from './cancelled.ts';
import { renderChecked } from './prompt.ts';

/** What is known of a model before its context is made. */
interface SizedStart extends LlmStart {
  readonly vocabularySize: number;
  readonly canTruncate: boolean;
}

/**
 * Loads one model, once. Throws Unavailable when its file is unsound or the engine has no binary for
 * this machine, InsufficientResources when its context does not fit into memory.
 */
export async function createLlmEngine(start: LlmStart): Promise<LoadedEngine<LlmOps>> {
  const summary = checkGguf(start.modelPath);
  if (start.purpose === 'generate' && !summary.isCausal) refusePurpose('text-to-embedding');
  // A context far over the trained size takes the engine minutes and all memory before it fails.
  const contextTokens = Math.min(start.contextTokens, summary.contextTokens);
  const llama = await openLlama(start.threads);
  const model = await loadModel(llama, start.modelPath);
  const sized: SizedStart = {
    ...start,
    contextTokens,
    vocabularySize: summary.vocabularySize,
    canTruncate: !summary.isRecurrent,
  };
  const engine =
    start.purpose === 'generate'
      ? await createGenerateEngine(model, sized)
      : await createEmbedEngine(model, sized);
  return { engine, device: describeDevice(llama, start.threads) };
}

async function createGenerateEngine(model: LlamaModel, start: SizedStart): Promise<Engine<LlmOps>> {
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
  });
  const textModel = createTextModel(model, context, contextTokens);
  return {
    generate: (params, call) => generate({ model: textModel, batch }, params, call),
    countTokens: async ({ input }, call) => {
      throwIfCancelled(call.signal);
      return { tokens: (await renderChecked(textModel, input)).tokens.length };
    },
    embed: () => refusePurpose('text-to-text'),
    rank: () => refusePurpose('text-to-text'),
    forget: ({ session }) => {
      batch.forget(session);
    },
    setThreads: ({ threads }) => {
      batch.setThreads(threads);
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

async function createEmbedEngine(model: LlamaModel, start: LlmStart): Promise<Engine<LlmOps>> {
  const { contextTokens, threads } = start;
  const context = await model
    // Models that read in both directions need the whole text in one batch.
    .createEmbeddingContext({ contextSize: contextTokens, batchSize: contextTokens, threads })
    .catch((cause: unknown) => Promise.reject(toStartError(cause, 'context_refused')));
  const vectorModel: VectorModel = {
    contextTokens,
    dimensions: model.embeddingVectorSize,
    tokenize: (text) => model.tokenize(text.toWellFormed()),
    measure: (tokens) => context.calculateInputLength(tokens as LlamaToken[]),
    embed: async (tokens) => (await context.getEmbeddingFor(tokens as LlamaToken[])).vector,
  };
  return {
    generate: () => refusePurpose('text-to-embedding'),
    countTokens: () => refusePurpose('text-to-embedding'),
    embed: (params, call) => embed(vectorModel, params, call),
    rank: () => refusePurpose('text-to-embedding'),
    forget: () => undefined,
    setThreads: () => undefined,
  };
}

function refusePurpose(task: string): never {
  throw new RpcError('Unavailable', 'This model was loaded for another task.', {
    details: { task },
  });
}
