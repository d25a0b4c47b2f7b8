import type { Caller } from '../ops.ts';
import type { Token } from '../token.ts';

/** Chooses tokens for one text. It may be changed between two tokens, as when a grammar begins. */
export interface Sampler {
  /** From the next token on; undefined ends a grammar. */
  useGrammar(grammar: object | undefined): void;
  close(): void;
}

/** One text to be written beside others. */
export interface RunRequest {
  readonly caller: Caller;
  /** At least one token. */
  readonly prompt: readonly Token[];
  readonly sampler: Sampler;
  /** Whether the caller can ask for the same text again: then nothing beside it may change a bit of it. */
  readonly isReproducible: boolean;
  readonly signal: AbortSignal;
  /**
   * Takes the next token, at once and without waiting; also one that ends a text. Returns what is read next,
   * nearly always that token alone, or undefined when the text is done. What it throws fails the run.
   */
  readonly onToken: (token: Token) => readonly Token[] | undefined;
  /** Tokens of the prompt that are read by now, those of an earlier call included. */
  readonly onRead?: (completed: number) => void;
}

export interface RunOutcome {
  /** Tokens of the prompt that an earlier call of the same owner had read. */
  readonly cachedTokens: number;
}

/** Texts whose likelihood is asked for, not their continuation. */
export interface ScoreRequest {
  readonly caller: Caller;
  /** Read first; at least one token. */
  readonly prompt: readonly Token[];
  /** The tokens whose likelihood after `prompt` is asked for; at least one. */
  readonly target: readonly Token[];
  readonly signal: AbortSignal;
}

export interface ScoreOutcome extends RunOutcome {
  /** Natural logarithm of the probability of each token of `target`, in order. */
  readonly logProbabilities: readonly number[];
}

/**
 * Many texts in one context of one model, a token of each in every step: what they read, who is next,
 * and what stays of it. Nothing that one owner's texts leave behind is used for another's.
 */
export interface Batch {
  /** Tokens that one text may have, prompt and answer together. */
  readonly contextTokens: number;
  /** Fails with Cancelled through the signal, with what `onToken` throws, or when the engine fails. */
  run(request: RunRequest): Promise<RunOutcome>;
  score(request: ScoreRequest): Promise<ScoreOutcome>;
  /** Drops what the texts of a session left behind. */
  forget(session: string): void;
  setThreads(threads: number): void;
}
