/** How many tokens of a prompt are read at a time. */
export interface StepSize {
  readonly tokens: number;
  observe(tokens: number, ms: number): void;
}

/**
 * Nobody else gets a token, and no cancel is heard, while a piece of a prompt is read: it should take this long.
 * Measured on one processor thread, larger pieces gain nothing; a GPU is given at least what keeps it busy.
 */
const TARGET_MS = 40;
/** How much one measurement counts. */
const WEIGHT = 0.3;

export function createStepSize(limits: { readonly min: number; readonly max: number }): StepSize {
  const { min, max } = limits;
  let tokensPerMs: number | undefined;
  return {
    get tokens() {
      if (tokensPerMs === undefined) return min;
      return Math.max(min, Math.min(max, Math.floor(tokensPerMs * TARGET_MS)));
    },
    observe: (tokens, ms) => {
      if (tokens < min || ms <= 0) return;
      const rate = tokens / ms;
      tokensPerMs = tokensPerMs === undefined ? rate : tokensPerMs + WEIGHT * (rate - tokensPerMs);
    },
  };
}
