/** What a template makes of a conversation, piece by piece. */
export type PromptPiece =
  /** Stays text, whatever it contains. */
  | { readonly kind: 'text'; readonly text: string }
  /** The template's own words: special tokens in it are tokens. */
  | { readonly kind: 'template'; readonly text: string }
  | { readonly kind: 'token'; readonly name: BuiltinToken };

export type BuiltinToken = 'BOS' | 'EOS' | 'NL' | 'EOT' | 'SEP';

/** How a model of this template writes what is not plain content. */
export interface ChatFormat {
  /** Undefined where the template knows no function calls. */
  readonly calls: CallSyntax | undefined;
  readonly thought: ThoughtSyntax | undefined;
}

export interface CallSyntax {
  /** Before the name of the first function. */
  readonly opening: readonly PromptPiece[];
  /** Between the name and the arguments. */
  readonly beforeArguments: readonly PromptPiece[];
  readonly closing: readonly PromptPiece[];
  /** Between `closing` and the name of another function; undefined when one turn has one call. */
  readonly next: readonly PromptPiece[] | undefined;
  /** The arguments of a function without parameters, as JSON; empty when nothing is written. */
  readonly noArguments: string;
}

export interface ThoughtSyntax {
  /** Empty where the template itself has opened it. */
  readonly opening: readonly PromptPiece[];
  readonly closing: readonly PromptPiece[];
  /** Whether an answer begins within a thought. */
  readonly isOpenAtStart: boolean;
  /** Whether the thoughts of earlier turns are repeated to the model. */
  readonly isKept: boolean;
}

export function textOf(pieces: readonly PromptPiece[]): string {
  return pieces.map((piece) => (piece.kind === 'token' ? '' : piece.text)).join('');
}

export function templatePiece(text: string): PromptPiece {
  return { kind: 'template', text };
}

/** Neighbours of one kind become one piece: a tokenizer must see them together. */
export function joinPieces(pieces: readonly PromptPiece[]): PromptPiece[] {
  const joined: PromptPiece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (piece.kind !== 'token' && last?.kind === piece.kind) {
      joined.splice(-1, 1, { kind: piece.kind, text: last.text + piece.text });
    } else joined.push(piece);
  }
  return joined;
}
