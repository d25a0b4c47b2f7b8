/** How much text a model holds at once, the same for every app. */
export interface ContextPlan {
  /** Of one sequence. */
  readonly contextTokens: number;
  readonly sequences: number;
}

export interface ContextWish {
  /** What the model was trained with. */
  readonly trainedTokens: number;
  /** What machine and settings allow at most. */
  readonly maxTokens: number;
  readonly maxSequences: number;
}

const GIB = 2 ** 30;
const MIN_CONTEXT_TOKENS = 512;

/** Tokens of context on a machine of this size; more would be paid by every model, and is hardly ever used. */
export function contextTierTokens(machineBytes: number): number {
  if (machineBytes < 12 * GIB) return 4096;
  return machineBytes < 40 * GIB ? 8192 : 16_384;
}

/**
 * The one size a model is loaded with. Nothing of the moment enters, neither a caller's wish nor what is free,
 * so no pair of apps can make a model load again. Sequences go first, then context; the last resort is returned
 * though it does not fit, for admission to refuse with numbers.
 */
export function planContext(
  { trainedTokens, maxTokens, maxSequences }: ContextWish,
  fits: (plan: ContextPlan) => boolean,
): ContextPlan {
  let contextTokens = Math.min(trainedTokens, maxTokens);
  for (let sequences = maxSequences; sequences > 1; sequences--) {
    if (fits({ contextTokens, sequences })) return { contextTokens, sequences };
  }
  while (contextTokens > MIN_CONTEXT_TOKENS && !fits({ contextTokens, sequences: 1 })) {
    contextTokens = Math.max(MIN_CONTEXT_TOKENS, Math.floor(contextTokens / 2));
  }
  return { contextTokens, sequences: 1 };
}
