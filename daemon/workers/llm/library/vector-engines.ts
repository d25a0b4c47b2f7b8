import type { LlamaModel } from 'node-llama-cpp';
import { LlamaVocabularyType } from 'node-llama-cpp';
import type { Engine } from '../../engine.ts';
import { embed, type VectorModel } from '../embed.ts';
import type { EngineThreads } from '../engine-threads.ts';
import type { LlmOps, LlmStart } from '../ops.ts';
import {
  layoutOfMarks,
  layoutOfTemplate,
  present,
  rankByHead,
  type RankLayout,
  type RankModel,
} from '../rank/rank-by-head.ts';
import type { Token } from '../token.ts';
import { createVectorTurns } from '../vectors/vector-turns.ts';
import { createNativeVectors } from './native-vectors.ts';
import { refusePurpose, toStartError } from './start-errors.ts';

type Size = Pick<LlmStart, 'contextTokens' | 'threads'>;

/** The engine of a model that embeds. */
export async function createEmbedEngine(
  model: LlamaModel,
  size: Size,
  threads: EngineThreads,
): Promise<Engine<LlmOps>> {
  const context = await model
    .createEmbeddingContext(toOptions(size))
    .catch((cause: unknown) => Promise.reject(toStartError(cause, 'context_refused')));
  const turns = createVectorTurns(createNativeVectors(context));
  threads.onChange((count) => {
    turns.setThreads(count);
  });
  const vectorModel: VectorModel = {
    contextTokens: size.contextTokens,
    dimensions: model.embeddingVectorSize,
    tokenize: (text) => model.tokenize(text.toWellFormed()),
    frame: createFrame(model),
    turns,
  };
  return {
    ...refuseAll('text-to-embedding', threads),
    embed: (params, call) => embed(vectorModel, params, call),
  };
}

/** The engine of a model with a ranking head. */
export async function createRankEngine(
  model: LlamaModel,
  size: Size,
  threads: EngineThreads,
): Promise<Engine<LlmOps>> {
  const layout = findLayout(model);
  const context = await model
    .createRankingContext(toOptions(size))
    .catch((cause: unknown) => Promise.reject(toStartError(cause, 'context_refused')));
  const turns = createVectorTurns(createNativeVectors(context));
  threads.onChange((count) => {
    turns.setThreads(count);
  });
  const rankModel: RankModel = {
    contextTokens: size.contextTokens,
    layout,
    isProbability: NORMALISED.has(model.fileInfo.metadata.general.architecture),
    tokenize: (text) => model.tokenize(text.toWellFormed()),
    turns,
  };
  return {
    ...refuseAll('reranking', threads),
    rank: (params, call) => rankByHead(rankModel, params, call),
  };
}

/** Architectures whose head the engine itself ends with a softmax. */
const NORMALISED: ReadonlySet<string> = new Set(['qwen3', 'qwen3vl']);

/** Models that read in both directions need the whole text in one batch. */
function toOptions({ contextTokens, threads }: Size) {
  return { contextSize: contextTokens, batchSize: contextTokens, threads };
}

function refuseAll(task: string, threads: EngineThreads): Engine<LlmOps> {
  return {
    generate: () => refusePurpose(task),
    countTokens: () => refusePurpose(task),
    rank: () => refusePurpose(task),
    embed: () => refusePurpose(task),
    // Nothing of a text stays behind.
    forget: () => undefined,
    setThreads: ({ threads: count }) => {
      threads.setAllowed(count);
    },
  };
}

/** A beginning and an end around what is embedded, by the library's own rule. */
function createFrame(model: LlamaModel): VectorModel['frame'] {
  const { beginning, end } = framingTokens(model);
  return (tokens) => [...present(beginning), ...tokens, ...present(end)];
}

function framingTokens({ vocabularyType, tokens }: LlamaModel): {
  readonly beginning: Token | null;
  readonly end: Token | null;
} {
  const { rwkv, wpm, ugm } = LlamaVocabularyType;
  if (vocabularyType === rwkv) return { beginning: null, end: null };
  if (vocabularyType === wpm) return { beginning: tokens.bos, end: tokens.sep };
  if (vocabularyType === ugm) return { beginning: null, end: tokens.eos };
  return {
    beginning: tokens.shouldPrependBosToken ? tokens.bos : null,
    end: tokens.shouldAppendEosToken ? tokens.eos : null,
  };
}

function findLayout(model: LlamaModel): RankLayout {
  const { tokens } = model;
  const template: unknown = model.fileInfo.metadata.tokenizer['chat_template.rerank'];
  if (typeof template === 'string') {
    const layout = layoutOfTemplate(template, (text) => model.tokenize(text, true));
    if (layout !== undefined) return layout;
  }
  return layoutOfMarks({ beginning: tokens.bos, end: tokens.eos, separator: tokens.sep });
}
