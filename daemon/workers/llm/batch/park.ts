import { isReproducible, laneOf, type Run } from './run.ts';

/**
 * Whose text must wait so that a newcomer can be read: one of the owner who holds most seats, if the newcomer would
 * still hold fewer; else a background one for somebody in front of a screen. Of those, the text that is read again
 * at the least cost. Undefined when nobody has to.
 */
export function chooseParked(seated: ReadonlySet<Run>, newcomer: Run): Run | undefined {
  const lanes = Map.groupBy(
    [...seated].filter(({ isSettled }) => !isSettled),
    laneOf,
  );
  const ownSeats = lanes.get(laneOf(newcomer))?.length ?? 0;
  const isInteractive = !newcomer.request.caller.isBackground;
  const candidates = [...lanes.values()].filter((runs) => {
    const isBackground = runs.every(({ request }) => request.caller.isBackground);
    if (isInteractive && isBackground && ownSeats === 0) return true;
    return (isInteractive || isBackground) && runs.length > ownSeats + 1;
  });
  const [runs = []] = candidates.toSorted((one, other) => other.length - one.length);
  return runs.toSorted(
    (one, other) =>
      Number(isReproducible(one)) - Number(isReproducible(other)) ||
      one.tokens.length - other.tokens.length,
  )[0];
}
