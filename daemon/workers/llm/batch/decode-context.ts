import type { Token } from '../token.ts';
import type { Sampler } from './batch.ts';

/** Tokens of one sequence to be read together. */
export interface Entry {
  readonly sequence: number;
  /** Of the first token, counted from the beginning of its sequence. */
  readonly position: number;
  readonly tokens: readonly Token[];
  /** Indexes into `tokens` after which a choice is wanted, ascending. */
  readonly outputs: readonly number[];
}

/** Where the choices after one entry are found, until the next `decode`. */
export type OutputHandles = ArrayLike<number>;

/** The engine's context, as far as a batch needs it. One call at a time. */
export interface DecodeContext {
  readonly sequences: number;
  /** Tokens that one sequence can hold. */
  readonly cells: number;
  /** Tokens that one `decode` takes at most. */
  readonly maxBatchTokens: number;
  /** Whether the end of a sequence can be taken back; a recurrent model only forgets the whole. */
  readonly canTruncate: boolean;
  /** Reads all entries; their sequences ascend. Handles come in the order of the entries. */
  decode(entries: readonly Entry[]): Promise<readonly OutputHandles[]>;
  /** The next token after an output. Only the first of a decode must be awaited before the others begin. */
  sample(handle: number, sampler: Sampler): Promise<Token>;
  /** Probability of every token after an output, as [token, probability, …], likeliest first. */
  probabilities(handle: number): Promise<readonly number[]>;
  /** Takes back what a sequence holds from `position` on. False when the engine cannot. */
  truncate(sequence: number, position: number): boolean;
  /** The first position whose state is still there: above 0 where a window slid on. -1 when empty. */
  firstPosition(sequence: number): number;
  clear(sequence: number): void;
  setThreads(threads: number): void;
}
