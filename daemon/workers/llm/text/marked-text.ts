/** Text that is not sent yet, because the beginning of a mark may be in it. */
export interface MarkedText {
  /** Of special tokens the text is there for marks alone. */
  push(text: string, isSpecial: boolean): void;
  /** The earliest of these that is complete; of two that begin together the longer one. */
  find<M extends Mark>(marks: readonly M[]): Hit<M> | undefined;
  /** Takes what can be no beginning of one of these. */
  takeDecided(marks: readonly Mark[]): string;
  /** Takes this many characters, and leaves out those of special tokens. */
  take(characters: number): string;
  readonly text: string;
}

export interface Mark {
  readonly text: string;
}

export interface Hit<M extends Mark> {
  readonly mark: M;
  readonly at: number;
  /** Whether a special token began it. */
  readonly isSpecial: boolean;
}

interface Part {
  readonly text: string;
  readonly isSpecial: boolean;
}

export function createMarkedText(): MarkedText {
  let parts: Part[] = [];
  let joined = '';

  const isSpecialAt = (at: number): boolean => {
    let end = 0;
    return parts.some(({ text, isSpecial }) => {
      const start = end;
      end += text.length;
      return isSpecial && start <= at && at < end;
    });
  };

  const take = (characters: number): string => {
    let left = characters;
    let visible = '';
    const rest: Part[] = [];
    for (const part of parts) {
      const taken = part.text.slice(0, left);
      left -= taken.length;
      if (!part.isSpecial) visible += taken;
      if (taken.length < part.text.length) {
        rest.push({ ...part, text: part.text.slice(taken.length) });
      }
    }
    parts = rest;
    joined = joined.slice(characters);
    return visible;
  };

  return {
    get text() {
      return joined;
    },
    push(text, isSpecial) {
      if (text === '') return;
      parts.push({ text, isSpecial });
      joined += text;
    },
    find(marks) {
      const hits = marks
        .map((mark) => ({ mark, at: joined.indexOf(mark.text) }))
        .filter(({ at }) => at >= 0)
        .toSorted(
          (one, other) => one.at - other.at || other.mark.text.length - one.mark.text.length,
        );
      const [hit] = hits;
      return hit === undefined ? undefined : { ...hit, isSpecial: isSpecialAt(hit.at) };
    },
    takeDecided: (marks) => take(joined.length - heldLength(joined, marks)),
    take,
  };
}

/** How much of the end could be the beginning of a mark. */
function heldLength(text: string, marks: readonly Mark[]): number {
  let held = 0;
  for (const mark of marks) {
    for (let length = Math.min(mark.text.length - 1, text.length); length > held; length--) {
      if (text.endsWith(mark.text.slice(0, length))) held = length;
    }
  }
  return held;
}
