/** How fast a worker has lately been: what waiting may take is told from it. */
export interface Pace {
  /** One call that ran to its end. */
  record(call: { readonly cost: number; readonly durationMs: number }): void;
  /** What a call that ended before its time took of its guessed cost. */
  costOf(call: { readonly cost: number; readonly durationMs: number }): number;
  /** When a place is likely to be free for the next of `apps` that take turns at `places`; 50 ms to 30 s. */
  retryAfterMs(places: number, apps: number): number;
}

/** Before anything is measured. */
const GUESSED_CALL_MS = 250;
/** Weight of the newest call: the last ten or so count. */
const WEIGHT = 0.2;
const RETRY_MS = { min: 50, max: 30_000 };

export function createPace(): Pace {
  let callMs: number | undefined;
  let costPerMs: number | undefined;
  const blend = (old: number | undefined, value: number): number =>
    old === undefined ? value : old + (value - old) * WEIGHT;
  return {
    record({ cost, durationMs }) {
      callMs = blend(callMs, durationMs);
      costPerMs = blend(costPerMs, cost / Math.max(1, durationMs));
    },
    costOf: ({ cost, durationMs }) =>
      costPerMs === undefined ? cost : Math.min(cost, Math.max(1, costPerMs * durationMs)),
    retryAfterMs(places, apps) {
      const waitMs = ((callMs ?? GUESSED_CALL_MS) * Math.max(1, apps)) / Math.max(1, places);
      return Math.ceil(Math.min(RETRY_MS.max, Math.max(RETRY_MS.min, waitMs)));
    },
  };
}
