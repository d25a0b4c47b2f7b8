import type { LlamaModel } from 'node-llama-cpp';
import type { PromptPiece } from '../chat/chat-format.ts';
import type { SpecialTexts } from '../chat/fence-special.ts';
import { createSpecialTexts } from '../chat/fence-special.ts';
import { createPauses } from '../pause.ts';
import type { Token } from '../token.ts';

/** Texts are tokenized in parts of about this many characters: one native call must not hold up other texts. */
const PART_CHARACTERS = 8192;
/** How far before its end a part may be cut, to cut before a word. */
const CUT_CHARACTERS = 1024;

/** What a model's vocabulary means by the type of a token. */
const CONTROL = 3;
const USER_DEFINED = 4;

export interface Tokenizer {
  /** Of short texts; the rest of the process waits. */
  tokenize(pieces: readonly PromptPiece[]): Token[];
  /** In parts, so that others go between; fails with Cancelled. */
  tokenizeLong(pieces: readonly PromptPiece[], signal: AbortSignal): Promise<Token[]>;
  /** How many tokens a text has, without keeping them; in parts too. */
  countLong(text: string, signal: AbortSignal): Promise<number>;
  /** All texts that are one special token. */
  readonly special: SpecialTexts;
}

/**
 * Text to tokens. What stays text never becomes a special token: control tokens the engine leaves alone there; tokens
 * that a model's makers added and `template` uses, as `<tool_call>`, are cut in two.
 */
export function createTokenizer(model: LlamaModel, template: string): Tokenizer {
  const special = listSpecial(model);
  const marks = createSpecialTexts(special.added.filter((text) => template.includes(text)));
  const tokenizePart = (part: Part, isFirst: boolean): readonly Token[] => {
    if ('name' in part) return model.tokenize(part.name, 'builtin');
    return model.tokenize(part.text, part.isTemplate, isFirst ? undefined : 'trimLeadingSpace');
  };
  return {
    special: createSpecialTexts([...special.control, ...special.added]),
    tokenize: (pieces) => {
      const tokens: Token[] = [];
      for (const part of listParts(pieces, marks)) {
        for (const token of tokenizePart(part, tokens.length === 0)) tokens.push(token);
      }
      return tokens;
    },
    countLong: async (text, signal) => {
      const pause = createPauses(signal);
      let count = 0;
      for (const part of listParts([{ kind: 'text', text }], marks)) {
        count += tokenizePart(part, count === 0).length;
        await pause();
      }
      return count;
    },
    tokenizeLong: async (pieces, signal) => {
      const pause = createPauses(signal);
      const tokens: Token[] = [];
      for (const part of listParts(pieces, marks)) {
        for (const token of tokenizePart(part, tokens.length === 0)) tokens.push(token);
        await pause();
      }
      return tokens;
    },
  };
}

type Part =
  | { readonly text: string; readonly isTemplate: boolean }
  | Extract<PromptPiece, { readonly kind: 'token' }>;

function* listParts(pieces: readonly PromptPiece[], marks: SpecialTexts): Generator<Part> {
  for (const piece of pieces) {
    if (piece.kind === 'token') yield piece;
    else if (piece.kind === 'template') {
      for (const text of cutParts(piece.text)) yield { text, isTemplate: true };
    } else {
      // A mark across the border of two parts is cut already.
      for (const part of cutParts(piece.text.toWellFormed())) {
        for (const text of cutMarks(part, marks)) yield { text, isTemplate: false };
      }
    }
  }
}

/** Cuts each mark behind its first character. */
function* cutMarks(text: string, marks: SpecialTexts): Generator<string> {
  let at = 0;
  for (let hit = marks.find(text, 0); hit !== undefined; hit = marks.find(text, at)) {
    const inside = hit.start + String.fromCodePoint(text.codePointAt(hit.start) ?? 0).length;
    yield text.slice(at, inside);
    at = inside;
  }
  yield text.slice(at);
}

function* cutParts(text: string): Generator<string> {
  let at = 0;
  while (text.length - at > PART_CHARACTERS) {
    const end = findCut(text, at + PART_CHARACTERS);
    yield text.slice(at, end);
    at = end;
  }
  if (at < text.length) yield text.slice(at);
}

/** Before a word where there is one, and never within a character. */
function findCut(text: string, end: number): number {
  for (let at = end; at > end - CUT_CHARACTERS; at--) {
    if (/\s/.test(text.charAt(at)) && !/\s/.test(text.charAt(at - 1))) return at;
  }
  return /[\udc00-\udfff]/.test(text.charAt(end)) ? end - 1 : end;
}

function listSpecial(model: LlamaModel): { readonly control: string[]; readonly added: string[] } {
  const { tokens, token_type: types } = model.fileInfo.metadata.tokenizer.ggml;
  const kinds = new Map<number, number>((types as readonly number[] | undefined)?.entries());
  const ofType = (type: number): string[] =>
    tokens.filter((_text, token) => kinds.get(token) === type);
  return { control: ofType(CONTROL), added: ofType(USER_DEFINED) };
}
