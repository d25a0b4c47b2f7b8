export interface TextStreamOptions<Token> {
  /** Turns tokens into text, given the tokens before them. */
  readonly detokenize: (tokens: readonly Token[], before: readonly Token[]) => string;
  /** The last tokens of the prompt: they decide about a leading space. */
  readonly before: readonly Token[];
  readonly stop: readonly string[];
  readonly emit: (delta: string) => void;
}

/** The text of a generation as it grows. */
export interface TextStream<Token> {
  /** Takes the next token; true once a stop string is complete. */
  push(token: Token): boolean;
  /** Emits what was held back and returns the whole text. */
  finish(): string;
}

/** Bytes of a character whose end is still to come show as at most three of these. */
const INCOMPLETE_END = /\uFFFD{1,3}$/;
/** Tokens a detokenizer looks back at. */
const BEFORE_TOKENS = 3;

/**
 * Text out of tokens. What it emits never splits a character and never contains, even in part, a
 * stop string: text that could be the start of one waits until it cannot.
 */
export function createTextStream<Token>(options: TextStreamOptions<Token>): TextStream<Token> {
  const characters = createCharacterDecoder(options);
  const { stop, emit } = options;
  let text = '';
  let emitted = 0;
  let isStopped = false;

  const emitUpTo = (end: number): void => {
    if (end > emitted) emit(text.slice(emitted, end));
    emitted = Math.max(emitted, end);
  };

  return {
    push(token) {
      const from = text.length;
      text += characters.push(token);
      const stopAt = findStop(text, from, stop);
      if (stopAt !== undefined) {
        isStopped = true;
        text = text.slice(0, stopAt);
      }
      emitUpTo(isStopped ? text.length : text.length - heldLength(text, stop));
      return isStopped;
    },
    finish() {
      emitUpTo(text.length);
      return text;
    },
  };
}

/** Where the earliest stop string begins, looking only at text that could complete one since `from`. */
function findStop(text: string, from: number, stop: readonly string[]): number | undefined {
  const starts = stop
    .map((word) => text.indexOf(word, Math.max(0, from - word.length + 1)))
    .filter((at) => at >= 0);
  return starts.length === 0 ? undefined : Math.min(...starts);
}

/** How much of the end could be the beginning of a stop string. */
function heldLength(text: string, stop: readonly string[]): number {
  let held = 0;
  for (const word of stop) {
    for (let length = Math.min(word.length - 1, text.length); length > held; length--) {
      if (text.endsWith(word.slice(0, length))) held = length;
    }
  }
  return held;
}

/** Whole characters out of tokens that may each carry a part of one. */
function createCharacterDecoder<Token>(
  options: Pick<TextStreamOptions<Token>, 'detokenize' | 'before'>,
): { push(token: Token): string } {
  let before = options.before.slice(-BEFORE_TOKENS);
  let pending: Token[] = [];
  let taken = 0;
  return {
    push(token) {
      pending.push(token);
      const text = options.detokenize(pending, before);
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
