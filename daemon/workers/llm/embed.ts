import { setImmediate } from 'node:timers/promises';
import type { EngineCall } from '../engine.ts';
import type { LlmOps } from './ops.ts';
import { assertPromptBytes, contextOverflow } from './prompt-limit.ts';
import { throwIfCancelled } from './cancelled.ts';
import type { Token } from './text-model.ts';

/** What embedding needs of a loaded model; `engine.ts` makes it out of the library. */
export interface VectorModel {
  readonly contextTokens: number;
  readonly dimensions: number;
  /** The tokens of a text, without the model's own beginning and end. */
  tokenize(text: string): Token[];
  /** How many tokens the model reads for these: with its own beginning and end. */
  measure(tokens: readonly Token[]): number;
  /** Calls wait for each other. Empty where the text has no tokens. */
  embed(tokens: readonly Token[]): Promise<readonly number[]>;
}

const PROGRESS_TEXTS = 32;
const TEXTS_PER_TURN = 8;

/** The `embed` operation. All texts are checked before the first is embedded. */
export async function embed(
  model: VectorModel,
  { texts }: LlmOps['embed']['params'],
  call: EngineCall<never>,
): Promise<LlmOps['embed']['result']> {
  call.progress({ stage: 'running', completed: 0, total: texts.length, unit: 'texts' });
  const inputs: Token[][] = [];
  let promptTokens = 0;
  for (const [index, text] of texts.entries()) {
    // Tokenizing is synchronous: without a pause no cancel and no other call would be heard.
    if (index % TEXTS_PER_TURN === 0) await setImmediate();
    throwIfCancelled(call.signal);
    const tokens = tokenizeChecked(model, text, index);
    inputs.push(tokens);
    promptTokens += model.measure(tokens);
  }
  const vectors: Float32Array[] = [];
  for (const [completed, tokens] of inputs.entries()) {
    throwIfCancelled(call.signal);
    if (completed > 0 && completed % PROGRESS_TEXTS === 0) {
      call.progress({ stage: 'running', completed, total: texts.length, unit: 'texts' });
    }
    const vector = await model.embed(tokens);
    vectors.push(Float32Array.from(vector.length === 0 ? zeros(model) : vector));
  }
  throwIfCancelled(call.signal);
  return { vectors, promptTokens };
}

function tokenizeChecked(model: VectorModel, text: string, index: number): Token[] {
  const { contextTokens } = model;
  assertPromptBytes(text, {
    contextTokens,
    index,
    countTokens: (sample) => model.tokenize(sample).length,
  });
  const tokens = model.tokenize(text);
  const promptTokens = model.measure(tokens);
  // The engine keeps the last cell of a context for itself.
  if (promptTokens >= contextTokens) throw contextOverflow({ index, promptTokens, contextTokens });
  return tokens;
}

function zeros({ dimensions }: VectorModel): readonly number[] {
  return new Array<number>(dimensions).fill(0);
}
