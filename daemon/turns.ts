import { setImmediate } from 'node:timers/promises';

/** From when on whoever else waits for this process comes first: a tenth of what they would notice. */
const TURN_MS = 3;

/** Work that is done piece by piece, in turns of the event loop. */
export interface Turns {
  /** Whether others ought to come first now; asked between pieces of work. */
  readonly areOver: () => boolean;
  /** Resolves in another turn. Whoever waits looks anew at what may have changed. */
  next(): Promise<void>;
}

export function beginTurns(): Turns {
  let endsAt = performance.now() + TURN_MS;
  return {
    areOver: () => performance.now() >= endsAt,
    next: async () => {
      await setImmediate();
      endsAt = performance.now() + TURN_MS;
    },
  };
}

/** For work that is small and must be done where it begins. */
export const ONE_TURN: Turns = { areOver: () => false, next: () => Promise.resolve() };

/** As `forEach`, but others come in between. Throws the reason of a signal that is aborted meanwhile. */
export async function forEachInTurns<Item>(
  items: readonly Item[],
  visit: (item: Item) => void,
  signal: AbortSignal,
): Promise<void> {
  const turns = beginTurns();
  let visited = 0;
  for (const item of items) {
    visit(item);
    visited += 1;
    if (visited % ITEMS_A_LOOK !== 0 || !turns.areOver()) continue;
    await turns.next();
    signal.throwIfAborted();
  }
}

/** As `map`, in the same way. */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  convert: (item: Item) => Result,
  signal: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  await forEachInTurns(items, (item) => results.push(convert(item)), signal);
  return results;
}

/** A look at the clock takes as long as converting some small items. */
const ITEMS_A_LOOK = 32;
