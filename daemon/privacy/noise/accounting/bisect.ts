/**
 * The end of `[low, high]`'s last interval at which `isEnough` holds: it must hold at `high`, not at `low`, and
 * change once between. Ends where no number lies between, so that what is answered is enough in doubles as well.
 */
export function bisect(
  [low, high]: readonly [number, number],
  isEnough: (at: number) => boolean,
): number {
  let [below, above] = [low, high];
  for (;;) {
    const middle = below + (above - below) / 2;
    if (middle === below || middle === above) return above;
    if (isEnough(middle)) above = middle;
    else below = middle;
  }
}

/** A power of two times `from` at which `isEnough` holds and at half of which it does not: `[half, whole]`. */
export function bracket(
  from: number,
  isEnough: (at: number) => boolean,
): readonly [number, number] {
  let high = from;
  while (!isEnough(high)) high *= 2;
  while (high > Number.MIN_VALUE && isEnough(high / 2)) high /= 2;
  return [high / 2, high];
}
