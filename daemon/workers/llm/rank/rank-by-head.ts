import type { EngineCall } from '../../engine.ts';
import type { Ranked, RankParams } from '../ops.ts';
import { contextOverflow } from '../prompt-limit.ts';
import type { Token } from '../token.ts';
import { createSlicedTokenizer } from '../vectors/sliced-tokenizer.ts';
import type { VectorTurns } from '../vectors/vector-turns.ts';
import { tokenizeQuery } from './tokenize-query.ts';

/** What a model with a ranking head reads: its own marks, and where query and document go. */
export type RankLayout = readonly (readonly Token[] | 'query' | 'document')[];

export interface RankModel {
  readonly contextTokens: number;
  /** Where query and document each stand at least once. */
  readonly layout: RankLayout;
  /** Whether what the head says lies within 0..1 already; else it is the logit of that. */
  readonly isProbability: boolean;
  tokenize(text: string): readonly Token[];
  readonly turns: VectorTurns;
}

/** The `rank` operation of a model that was trained for it. Documents that do not fit are cut at their end. */
export async function rankByHead(
  model: RankModel,
  { caller, query, documents }: RankParams,
  call: EngineCall<never>,
): Promise<Ranked> {
  const total = documents.length;
  call.progress({ stage: 'running', completed: 0, total, unit: 'documents' });
  const tokenizer = createSlicedTokenizer((text) => model.tokenize(text), call.signal);
  const queryTokens = await tokenizeQuery(tokenizer, query, {
    contextTokens: model.contextTokens,
    countTokens: (text) => model.tokenize(text).length,
  });
  const room = roomForDocument(model, queryTokens.length);
  const inputs: (readonly Token[])[] = [];
  for (const document of documents) {
    const documentTokens = await tokenizer.tokenize(document, room);
    inputs.push(fillLayout(model.layout, queryTokens, documentTokens.slice(0, room)));
  }
  const scores: number[] = [];
  await model.turns.read({
    caller,
    signal: call.signal,
    inputs,
    onVector: ([value = 0]) => {
      scores.push(model.isProbability ? value : 1 / (1 + Math.exp(-value)));
      call.progress({ stage: 'running', completed: scores.length, total, unit: 'documents' });
    },
  });
  const promptTokens = inputs.reduce((sum, tokens) => sum + tokens.length, 0);
  return { scores, promptTokens, cachedTokens: 0 };
}

/** Tokens each document may have. Throws ContextOverflow when the query leaves none. */
function roomForDocument({ layout, contextTokens }: RankModel, queryTokens: number): number {
  const taken = layout.reduce((sum, part) => {
    if (part === 'document') return sum;
    return sum + (part === 'query' ? queryTokens : part.length);
  }, 0);
  const places = layout.filter((part) => part === 'document').length;
  // The engine keeps the last cell of a context for itself.
  const room = Math.floor((contextTokens - 1 - taken) / places);
  if (room < 1) throw contextOverflow({ promptTokens: taken + places, contextTokens });
  return room;
}

export function fillLayout(
  layout: RankLayout,
  query: readonly Token[],
  document: readonly Token[],
): Token[] {
  return layout.flatMap((part) =>
    part === 'query' ? query : part === 'document' ? document : part,
  );
}

/** The marks of a vocabulary; null for one that it lacks. */
export interface RankMarks {
  readonly beginning: Token | null;
  readonly end: Token | null;
  readonly separator: Token | null;
}

/** `[CLS] query [SEP] document [SEP]`, or `<s> query </s></s> document </s>`, as such models were trained. */
export function layoutOfMarks({ beginning, end, separator }: RankMarks): RankLayout {
  const last = end ?? separator;
  return [
    present(beginning),
    'query',
    [...present(end), ...present(separator)],
    'document',
    present(last),
  ];
}

/**
 * The layout that a model's own template asks for; undefined where query or document has no place in it. `tokenize`
 * takes the template's special tokens for what they are.
 */
export function layoutOfTemplate(
  template: string,
  tokenize: (text: string) => readonly Token[],
): RankLayout | undefined {
  const parts = template.split(/(\{query\}|\{document\})/).filter((part) => part !== '');
  if (!parts.includes('{query}') || !parts.includes('{document}')) return undefined;
  return parts.map((part) =>
    part === '{query}' ? 'query' : part === '{document}' ? 'document' : tokenize(part),
  );
}

/** A mark that a vocabulary may lack, as tokens. */
export function present(token: Token | null): readonly Token[] {
  return token === null ? [] : [token];
}
