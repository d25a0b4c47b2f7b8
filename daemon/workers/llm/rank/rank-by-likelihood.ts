import type { EngineCall } from '../../engine.ts';
import type { Batch } from '../batch/batch.ts';
import { notFiniteError } from '../not-finite.ts';
import type { Ranked, RankParams } from '../ops.ts';
import { contextOverflow } from '../prompt-limit.ts';
import type { PromptSite } from '../prompt.ts';
import type { Token } from '../token.ts';
import type { TextModel } from '../text-model.ts';
import { createSlicedTokenizer, type SlicedTokenizer } from '../vectors/sliced-tokenizer.ts';
import { tokenizeQuery } from './tokenize-query.ts';

/** What stands around a document; the query follows. Plain text, which every model can continue (note 0127). */
const BEFORE_DOCUMENT = 'Passage:\n';
const AFTER_DOCUMENT = '\nPlease write a question based on this passage.\nQuestion:\n';

/**
 * The `rank` operation of a model that writes: a document is as good as it makes the query likely. The score is the
 * geometric mean of the probabilities of the query's tokens. Documents that do not fit are cut at their end.
 */
export async function rankByLikelihood(
  { model, batch }: { readonly model: TextModel; readonly batch: Batch },
  { caller, query, documents }: RankParams,
  call: EngineCall<never>,
): Promise<Ranked> {
  const total = documents.length;
  call.progress({ stage: 'running', completed: 0, total, unit: 'documents' });
  const tokenizer = createSlicedTokenizer((text) => model.tokenize(text), call.signal);
  const frame = await frameQuery({ model, signal: call.signal }, tokenizer, query);
  const scores: number[] = [];
  let promptTokens = 0;
  let cachedTokens = 0;
  for (const document of documents) {
    const tokens = await tokenizer.tokenize(document, frame.room);
    const prompt = [...frame.before, ...tokens.slice(0, frame.room), ...frame.after];
    const { signal } = call;
    const outcome = await batch.score({ caller, prompt, target: frame.query, signal });
    scores.push(toScore(outcome.logProbabilities));
    promptTokens += prompt.length + frame.query.length;
    cachedTokens += outcome.cachedTokens;
    call.progress({ stage: 'running', completed: scores.length, total, unit: 'documents' });
  }
  return { scores, promptTokens, cachedTokens };
}

/** A query with what stands before it, and how many tokens that leaves to each document. */
interface QueryFrame {
  readonly before: readonly Token[];
  readonly after: readonly Token[];
  readonly query: readonly Token[];
  readonly room: number;
}

async function frameQuery(
  { model, signal }: PromptSite,
  tokenizer: SlicedTokenizer,
  text: string,
): Promise<QueryFrame> {
  const { contextTokens } = model;
  const countTokens = (sample: string): number => model.tokenize(sample).length;
  const query = await tokenizeQuery(tokenizer, text, { contextTokens, countTokens });
  const { tokens: before } = await model.renderPrompt({ prompt: BEFORE_DOCUMENT }, signal);
  const after = model.tokenize(AFTER_DOCUMENT);
  const taken = before.length + after.length + query.length;
  // The engine keeps the last cell of a context for itself.
  const room = contextTokens - 1 - taken;
  if (room < 1) throw contextOverflow({ promptTokens: taken + 1, contextTokens });
  return { before, after, query, room };
}

/** Six digits: behind them, what was read before can change a bit, and equal documents must stay equal. */
function toScore(logProbabilities: readonly number[]): number {
  const sum = logProbabilities.reduce((total, value) => total + value, 0);
  if (Number.isNaN(sum)) throw notFiniteError();
  return Number(Math.exp(sum / logProbabilities.length).toPrecision(6));
}
