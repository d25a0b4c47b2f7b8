import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { Engine, LoadedEngine } from '../engine.ts';
import { createBatch } from './batch/create-batch.ts';
import { type Invariance, probeInvariance } from './batch/invariance.ts';
import { createEngineThreads, type EngineThreads } from './engine-threads.ts';
import { generate } from './generate.ts';
import { createNativeContext } from './library/native-context.ts';
import { loadModel } from './library/load-model.ts';
import { refusePurpose, toStartError } from './library/start-errors.ts';
import { createTextModel } from './library/text-model.ts';
import { createEmbedEngine, createRankEngine } from './library/vector-engines.ts';
import { rankByLikelihood } from './rank/rank-by-likelihood.ts';
import { checkGguf } from './gguf/gguf-check.ts';
import { openLlama } from './library/open-llama.ts';
import type { LlmOps, LlmStart } from './ops.ts';
import { throwIfCancelled } from './cancelled.ts';
import { renderChecked } from './prompt.ts';

/** What is known of a model before its context is made. */
interface SizedStart extends LlmStart {
  readonly vocabularySize: number;
  readonly canTruncate: boolean;
  readonly fileBytes: number;
}

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
    fileBytes: summary.shape.fileBytes,
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
    invariance: preferAlone(
      await probeInvariance(decodeContext, start.vocabularySize),
      start.fileBytes,
    ),
    minReadTokens: model.llama.gpu === false ? CPU_READ_TOKENS : GPU_READ_TOKENS,
    onStep: threads.observe,
  });
  threads.onChange((count) => {
    batch.setThreads(count);
  });
  const textModel = createTextModel(model, context, contextTokens);
  return {
    generate: (params, call) => generate({ model: textModel, batch }, params, call),
    countTokens: async ({ input }, call) => {
      throwIfCancelled(call.signal);
      return {
        tokens: (await renderChecked({ model: textModel, signal: call.signal }, input)).tokens
          .length,
      };
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

/** A model this small spends its time on the way to each token, not on its weights: company is no cheaper. */
const SMALL_MODEL_BYTES = 64 * 1024 * 1024;

/**
 * Where a lone text needs company, a second token costs a small model 58 % of the first (note 0131), so there each
 * reproducible text is computed by itself; of a large one the weights are read once for both.
 */
function preferAlone(invariance: Invariance, fileBytes: number): Invariance {
  return invariance === 'pairs' && fileBytes < SMALL_MODEL_BYTES ? 'alone' : invariance;
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
