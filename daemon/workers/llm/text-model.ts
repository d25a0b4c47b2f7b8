import type { Sampler } from './batch/batch.ts';
import type { GrammarSchema } from './schema/response-schema.ts';
import type { GenerateParams } from './ops.ts';
import type { ResolvedSampling } from './sampling.ts';

/** A token as the model numbers it. */
export type Token = number;

/** What generation needs of a loaded model; `engine.ts` makes it out of the library. */
export interface TextModel {
  /** Tokens that fit into one sequence, prompt and answer together. */
  readonly contextTokens: number;
  /** The tokens of a text, without the model's own beginning or end. */
  tokenize(text: string): Token[];
  detokenize(tokens: readonly Token[], before: readonly Token[]): string;
  /** The prompt as the model must see it, with its template where it has one. */
  renderPrompt(input: GenerateParams['input']): RenderedPrompt;
  /** True of a token that ends a text. */
  isEnd(token: Token): boolean;
  createSampler(sampling: ResolvedSampling): Sampler;
  /** Throws when the schema makes no grammar. */
  createGrammar(schema: GrammarSchema): Promise<Grammar>;
}

export interface RenderedPrompt {
  readonly tokens: readonly Token[];
  /** Where the template ends the model's turn. */
  readonly stopStrings: readonly string[];
  readonly stopTokens: ReadonlySet<Token>;
}

/** Opaque outside the engine. */
export interface Grammar {
  readonly grammar: object;
  /** What the grammar writes once the value is complete. */
  readonly endMark: string;
}
