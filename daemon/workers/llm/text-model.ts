import type { Sampler } from './batch/batch.ts';
import type { ChatFormat, PromptPiece } from './chat/chat-format.ts';
import type { PromptInput } from './ops.ts';
import type { ResolvedSampling } from './sampling.ts';
import type { Token } from './token.ts';

/** What generation needs of a loaded model; `library/text-model.ts` makes it out of the library. */
export interface TextModel {
  /** Tokens that fit into one sequence, prompt and answer together. */
  readonly contextTokens: number;
  /** Undefined of a model without a chat template. Fails with Unavailable when its template cannot be used. */
  openFormat(): Promise<ChatFormat | undefined>;
  /** The tokens of a short text, without the model's own beginning or end. */
  tokenize(text: string): Token[];
  /** The tokens of a few words of the template, in the middle of a text. */
  tokenizePieces(pieces: readonly PromptPiece[]): Token[];
  /** How many tokens texts have, each alone; others are served between them. */
  countTokens(texts: readonly string[], signal: AbortSignal): Promise<number[]>;
  /** The text of tokens; special ones have none. */
  detokenize(tokens: readonly Token[], before: readonly Token[]): string;
  /** The text of tokens, special ones too. */
  spell(tokens: readonly Token[], before: readonly Token[]): string;
  isSpecial(token: Token): boolean;
  /** The prompt as the model must see it, with its template where it has one. */
  renderPrompt(input: PromptInput, signal: AbortSignal): Promise<RenderedPrompt>;
  /** True of a token that ends a text. */
  isEnd(token: Token): boolean;
  createSampler(sampling: ResolvedSampling): Sampler;
  /** Of a grammar in the notation of llama.cpp; opaque outside the engine. Throws when it is none. */
  createGrammar(grammar: string): Promise<object>;
}

export interface RenderedPrompt {
  readonly tokens: readonly Token[];
  /** Whether it ends within a thought of the model. */
  readonly isThinking: boolean;
  /** Where the template ends the model's turn. */
  readonly stopStrings: readonly string[];
  readonly stopTokens: ReadonlySet<Token>;
}
