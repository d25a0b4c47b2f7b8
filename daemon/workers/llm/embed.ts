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
  readonly isLast: boolean;
}

const PROGRESS_TEXTS = 32;

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
  const vectors = texts.map((): Float32Array => new Float32Array(dimensions));
  let mean = createMeanVector(dimensions);
  await model.turns.read({
    caller,
    signal: call.signal,
    inputs: pieces.map(({ tokens }) => tokens),
    onVector: (vector, at) => {
      const piece = pieces[at];
      if (piece === undefined) return;
      const { index, weight, isLast } = piece;
      const isWhole = isLast && pieces[at - 1]?.index !== index;
      if (!isWhole) mean.add(vector, weight);
      if (!isLast) return;
      vectors[index] = isWhole ? vector : mean.value();
      if (!isWhole) mean = createMeanVector(dimensions);
      if (index % PROGRESS_TEXTS === PROGRESS_TEXTS - 1) report(index + 1);
    },
  });
  return { vectors, promptTokens: pieces.reduce((sum, { tokens }) => sum + tokens.length, 0) };
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
    } else pieces.push(...(await cutText({ model, tokenizer, prefix }, tokens, index)));
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
}

/** Pieces of equal size, no token in two of them, each behind the prefix (note 0126). */
async function cutText(
  { model, tokenizer, prefix }: Cutting,
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
  return Array.from({ length: count }, (_value, at) => {
    const piece = own.slice(
      Math.floor((own.length * at) / count),
      Math.floor((own.length * (at + 1)) / count),
    );
    return {
      index,
      tokens: model.frame([...prefixTokens, ...piece]),
      weight: piece.length,
      isLast: at === count - 1,
    };
  });
}

/** What a text begins with when it is tokenized with its prefix: the last token may span both. */
function commonBeginning(prefix: readonly Token[], tokens: readonly Token[]): readonly Token[] {
  const end = prefix.findIndex((token, at) => token !== tokens[at]);
  return end < 0 ? prefix : prefix.slice(0, end);
}
