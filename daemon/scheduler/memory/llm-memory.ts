import type { ModelShape } from '../../workers/llm/gguf/gguf-shape.ts';

/** How a language model is run: what of its memory is a choice. */
export interface LlmUse {
  readonly purpose: 'generate' | 'embed';
  /** Whether texts are read in one direction, so that keys and values are kept. */
  readonly isCausal: boolean;
  /** Tokens of one sequence. */
  readonly contextTokens: number;
  readonly sequences: number;
}

/** What a worker with this model takes, by what it is for. */
export interface LlmMemory {
  readonly processBytes: number;
  readonly weightsBytes: number;
  /** Keys, values and recurrent states of all sequences. */
  readonly contextBytes: number;
  readonly computeBytes: number;
  readonly totalBytes: number;
}

/** Runtime and engine before any weight: measured 135 to 138 MB. */
const PROCESS_BYTES = 140e6;
/** Of each word of the vocabulary, which the engine keeps several times: measured 400 to 600. */
const WORD_BYTES = 600;
/** Tokens that the engine computes at once when it writes; embeddings take a whole text at once. */
const MICRO_BATCH_TOKENS = 512;
/** The engine rounds contexts up to this many tokens. */
const CONTEXT_STEP_TOKENS = 256;
const KEY_VALUE_BYTES = 2;
const COMPUTE_BYTES = 4;
/** Vectors of a token's width that live at the same time: normed, query, key, value, mixed, output, two residuals. */
const LIVE_WIDTHS = 8;
/** Vectors inside the widest layer: gate, up, and their product. */
const LIVE_FEED_FORWARDS = 3;

/** From the header alone, so before anything is loaded. Meant to be over the truth by little, never under. */
export function estimateLlmMemory(shape: ModelShape, use: LlmUse): LlmMemory {
  const parts = {
    processBytes: PROCESS_BYTES + shape.vocabulary * WORD_BYTES,
    weightsBytes: shape.fileBytes,
    contextBytes: estimateContext(shape, use),
    computeBytes: estimateCompute(shape, use),
  };
  const totalBytes = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  return { ...parts, totalBytes };
}

function estimateContext(shape: ModelShape, use: LlmUse): number {
  if (use.purpose === 'embed' && !use.isCausal) return 0;
  const steps = Math.ceil(use.contextTokens / CONTEXT_STEP_TOKENS);
  const keyValueBytes = steps * CONTEXT_STEP_TOKENS * shape.keyValueNumbers * KEY_VALUE_BYTES;
  return use.sequences * (keyValueBytes + shape.stateBytes);
}

function estimateCompute(shape: ModelShape, use: LlmUse): number {
  const { width, feedForward, vocabulary, heads } = shape;
  const isEmbedding = use.purpose === 'embed';
  const contextTokens = use.contextTokens * use.sequences;
  const batchTokens = isEmbedding ? use.contextTokens : Math.min(MICRO_BATCH_TOKENS, contextTokens);
  const perToken = LIVE_WIDTHS * width + LIVE_FEED_FORWARDS * feedForward;
  // Writing scores every word of the vocabulary; a text that is only embedded is compared with itself.
  const outputs = isEmbedding ? heads * batchTokens : vocabulary;
  return batchTokens * (perToken + outputs) * COMPUTE_BYTES;
}
