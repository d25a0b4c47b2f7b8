/**
 * One kind of thing that can be asked for, as hosts. Whatever two of a kind have in common is one of that
 * kind again, or nothing: so a set of them has exactly one shortest spelling, and two sets have a meet.
 */
export interface Kind<T> {
  readonly covers: (wide: T, narrow: T) => boolean;
  /** The most that both include; undefined when that is nothing. */
  readonly meet: (left: T, right: T) => T | undefined;
  /** Equal for equal things; the order of a list. */
  readonly key: (item: T) => string;
  /** Nothing includes anything but itself: then a set of many is quickly shortened. */
  readonly isFlat?: true;
}

/** A kind where two are either nested or have nothing in common. */
export function nestedKind(covers: (wide: string, narrow: string) => boolean): Kind<string> {
  return {
    covers,
    meet: (left, right) => (covers(left, right) ? right : covers(right, left) ? left : undefined),
    key: (item) => item,
  };
}

export const PLAIN_KIND: Kind<string> = {
  ...nestedKind((wide, narrow) => wide === narrow),
  isFlat: true,
};

/** The same set in its shortest spelling, sorted: nothing in it is included in something else of it. */
export function shorten<T>({ covers, key, isFlat }: Kind<T>, items: readonly T[]): T[] {
  const distinct = [...new Map(items.map((item) => [key(item), item]))];
  const isNeeded = (item: T): boolean =>
    isFlat === true || !distinct.some(([, other]) => other !== item && covers(other, item));
  return distinct
    .filter(([, item]) => isNeeded(item))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, item]) => item);
}

/** What both sets include, in its shortest spelling. */
export function meetSets<T>(kind: Kind<T>, left: readonly T[], right: readonly T[]): T[] {
  if (kind.isFlat === true) {
    const keys = new Set(right.map(kind.key));
    return shorten(
      kind,
      left.filter((item) => keys.has(kind.key(item))),
    );
  }
  const common = left.flatMap((one) =>
    right.map((other) => kind.meet(one, other)).filter((item) => item !== undefined),
  );
  return shorten(kind, common);
}

/** A ladder's lower step. */
export function lowerStep<T>(ladder: readonly T[], left: T, right: T): T {
  return ladder.indexOf(left) < ladder.indexOf(right) ? left : right;
}
