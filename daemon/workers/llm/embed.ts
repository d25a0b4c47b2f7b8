import type { EngineCall } from '../engine.ts';
import type { EmbedParams, LlmOps } from './ops.ts';
import { assertPromptBytes, contextOverflow } from './prompt-limit.ts';
import type { Token } from './token.ts';
import { createMeanVector } from './vectors/mean-vector.ts';
import { createSlicedTokenizer, type SlicedTokenizer } from './vectors/sliced-tokenizer.ts';
import type { VectorTurns } from './vectors/vector-turns.ts';

/** What embedding needs of a loaded model; `library/vector-engines.ts` makes it out of the library. */
export interface VectorModel {
  readonly contextTokens: number;
  readonly dimensions: number;
  /** The tokens of a text, without the model's own beginning and end. */
  tokenize(text: string): readonly Token[];
  /** With the model's own beginning and end. */
  frame(tokens: readonly Token[]): readonly Token[];
  readonly turns: VectorTurns;
}

/** A text, or what of it the model reads at once. */
interface Piece {
  /** Which of the texts it belongs to. */
  readonly index: number;
  readonly tokens: readonly Token[];
  /** Tokens of the text alone. */
  readonly weight: number;
  /** Whether it ends a vector: those before it, back to the last that did, are part of the same one. */
  readonly isLast: boolean;
}

const PROGRESS_TEXTS = 32;
/** How many vectors one text is split into at most. */
const MAX_VECTORS = 64;

/** The `embed` operation. All texts are checked before the first is embedded. */
export async function embed(
  model: VectorModel,
  params: EmbedParams,
  call: EngineCall<never>,
): Promise<LlmOps['embed']['result']> {
  const { caller, texts } = params;
  const report = (completed: number): void => {
    call.progress({ stage: 'running', completed, total: texts.length, unit: 'texts' });
  };
  report(0);
  const pieces = await cutTexts(model, params, call.signal);
  const { dimensions } = model;
  const vectors = texts.map((): Float32Array[] => []);
  let mean = createMeanVector(dimensions);
  await model.turns.read({
    caller,
    signal: call.signal,
    inputs: pieces.map(({ tokens }) => tokens),
    onVector: (vector, at) => {
      const piece = pieces[at];
      if (piece === undefined) return;
      const { index, weight, isLast } = piece;
      const before = pieces[at - 1];
      const isWhole = isLast && (before === undefined || before.isLast);
      if (!isWhole) mean.add(vector, weight);
      if (!isLast) return;
      vectors[index]?.push(isWhole ? vector : mean.value());
      if (!isWhole) mean = createMeanVector(dimensions);
      if (index % PROGRESS_TEXTS === PROGRESS_TEXTS - 1) report(index + 1);
    },
  });
  // A text without a token was never read.
  const complete = vectors.map((own) => (own.length === 0 ? [new Float32Array(dimensions)] : own));
  return {
    vectors: complete.flat(),
    ...(params.overflow === 'split' ? { counts: complete.map(({ length }) => length) } : {}),
    promptTokens: pieces.reduce((sum, { tokens }) => sum + tokens.length, 0),
  };
}

async function cutTexts(
  model: VectorModel,
  { texts, prefix = '', overflow = 'refuse' }: EmbedParams,
  signal: AbortSignal,
): Promise<Piece[]> {
  const tokenizer = createSlicedTokenizer((text) => model.tokenize(text), signal);
  const pieces: Piece[] = [];
  for (const [index, text] of texts.entries()) {
    const whole = prefix + text;
    if (overflow === 'refuse') assertTextBytes(model, whole, index);
    const tokens = await tokenizer.tokenize(whole);
    if (tokens.length === 0) continue;
    const { contextTokens } = model;
    const promptTokens = tokens.length + model.frame([]).length;
    // The engine keeps the last cell of a context for itself.
    if (promptTokens < contextTokens) {
      pieces.push({ index, tokens: model.frame(tokens), weight: tokens.length, isLast: true });
    } else if (overflow === 'refuse') {
      throw contextOverflow({ index, promptTokens, contextTokens });
    } else {
      const maxVectors = overflow === 'split' ? MAX_VECTORS : 1;
      pieces.push(...(await cutText({ model, tokenizer, prefix, maxVectors }, tokens, index)));
    }
  }
  return pieces;
}

function assertTextBytes(model: VectorModel, text: string, index: number): void {
  assertPromptBytes(text, {
    contextTokens: model.contextTokens,
    index,
    countTokens: (sample) => model.tokenize(sample).length,
  });
}

interface Cutting {
  readonly model: VectorModel;
  readonly tokenizer: SlicedTokenizer;
  readonly prefix: string;
  readonly maxVectors: number;
}

/** Pieces of equal size, no token in two of them, each behind the prefix (note 0126). */
async function cutText(
  { model, tokenizer, prefix, maxVectors }: Cutting,
  tokens: readonly Token[],
  index: number,
): Promise<Piece[]> {
  const prefixTokens = commonBeginning(await tokenizer.tokenize(prefix), tokens);
  const own = tokens.slice(prefixTokens.length);
  const room = model.contextTokens - 1 - model.frame(prefixTokens).length;
  if (room < 1) {
    const promptTokens = tokens.length + model.frame([]).length;
    throw contextOverflow({ index, promptTokens, contextTokens: model.contextTokens });
  }
  const count = Math.ceil(own.length / room);
  const vectors = Math.min(count, maxVectors);
  const vectorOf = (at: number): number => Math.floor((at * vectors) / count);
  return Array.from({ length: count }, (_value, at) => {
    const piece = own.slice(
      Math.floor((own.length * at) / count),
      Math.floor((own.length * (at + 1)) / count),
    );
    return {
      index,
      tokens: model.frame([...prefixTokens, ...piece]),
      weight: piece.length,
      isLast: at === count - 1 || vectorOf(at + 1) !== vectorOf(at),
    };
  });
}

/** What a text begins with when it is tokenized with its prefix: the last token may span both. */
function commonBeginning(prefix: readonly Token[], tokens: readonly Token[]): readonly Token[] {
  const end = prefix.findIndex((token, at) => token !== tokens[at]);
  return end < 0 ? prefix : prefix.slice(0, end);
}
