import type { Sampler } from '../../daemon/workers/llm/batch/batch.ts';
import type { PromptPiece } from '../../daemon/workers/llm/chat/chat-format.ts';
import type { Token } from '../../daemon/workers/llm/token.ts';
import type { TextModel } from '../../daemon/workers/llm/text-model.ts';

/** Special tokens of a vocabulary whose other tokens are bytes: the hardest case for whole characters. */
export const END = 999;
const SPECIAL_FROM = 1000;

/** What a script says is written: text, or one special token. */
export type Script = readonly (string | { readonly special: string } | typeof END)[];

/** A model that knows bytes and the special tokens it is told of, and writes nothing itself. */
export function createByteModel(specials: readonly string[] = []): TextModel {
  const bytes = (text: string): Token[] => [...Buffer.from(text)];
  const read = (tokens: readonly Token[]): string =>
    new TextDecoder().decode(Uint8Array.from(tokens.filter((token) => token < SPECIAL_FROM)));
  const tokenizePieces = (pieces: readonly PromptPiece[]): Token[] =>
    pieces.flatMap((piece) => {
      if (piece.kind === 'token') return [];
      if (piece.kind === 'text' || specials.length === 0) return bytes(piece.text);
      const names = new RegExp(
        `(${specials.map((name) => name.replaceAll('|', String.raw`\|`)).join('|')})`,
      );
      return piece.text
        .split(names)
        .flatMap((part) =>
          specials.includes(part) ? [SPECIAL_FROM + specials.indexOf(part)] : bytes(part),
        );
    });
  return {
    contextTokens: 4096,
    openFormat: () => Promise.resolve(undefined),
    tokenize: bytes,
    tokenizePieces,
    countTokens: (texts) => Promise.resolve(texts.map((text) => bytes(text).length)),
    detokenize: read,
    spell: (tokens) =>
      tokens.length === 1 && (tokens[0] ?? 0) >= SPECIAL_FROM
        ? (specials[(tokens[0] ?? 0) - SPECIAL_FROM] ?? '')
        : read(tokens),
    isSpecial: (token) => token >= SPECIAL_FROM,
    renderPrompt: (input) =>
      Promise.resolve({
        tokens: bytes(
          'prompt' in input ? input.prompt : input.messages.map((m) => m.content).join(''),
        ),
        isThinking: false,
        stopStrings: [],
        stopTokens: new Set(),
      }),
    isEnd: (token) => token === END,
    createSampler: () => createSilentSampler(),
    createGrammar: (grammar) => Promise.resolve({ grammar }),
  };
}

export interface SilentSampler extends Sampler {
  /** The grammars it was given, one after the other; undefined where one ended. */
  readonly grammars: (object | undefined)[];
}

export function createSilentSampler(): SilentSampler {
  const grammars: (object | undefined)[] = [];
  return {
    grammars,
    useGrammar: (grammar) => {
      grammars.push(grammar);
    },
    close: () => undefined,
  };
}

export function toTokens(script: Script, specials: readonly string[] = []): Token[] {
  return script.flatMap((part) => {
    if (part === END) return [END];
    if (typeof part === 'string') return [...Buffer.from(part)];
    return [SPECIAL_FROM + specials.indexOf(part.special)];
  });
}
