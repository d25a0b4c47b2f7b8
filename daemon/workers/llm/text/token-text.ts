/** Bytes of a character whose end is still to come show as at most three of these. */
const INCOMPLETE_END = /\uFFFD{1,3}$/;
/** Tokens a detokenizer looks back at. */
const BEFORE_TOKENS = 3;

export type Detokenize = (tokens: readonly number[], before: readonly number[]) => string;

/** Whole characters out of tokens that may each carry a part of one. */
export interface TokenText {
  push(token: number, detokenize: Detokenize): string;
}

/** `before`: the last tokens of the prompt; they decide about a leading space. */
export function createTokenText(prompt: readonly number[]): TokenText {
  let before = prompt.slice(-BEFORE_TOKENS);
  let pending: number[] = [];
  let taken = 0;
  return {
    push(token, detokenize) {
      pending.push(token);
      const text = detokenize(pending, before);
      const whole = text.replace(INCOMPLETE_END, '');
      const delta = whole.slice(taken);
      taken = Math.max(taken, whole.length);
      if (whole.length === text.length) {
        before = [...before, ...pending].slice(-BEFORE_TOKENS);
        pending = [];
        taken = 0;
      }
      return delta;
    },
  };
}
