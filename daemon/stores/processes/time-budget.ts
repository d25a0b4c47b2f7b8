import { RpcError } from '@locara/protocol';
import type { Worker } from '../../workers/worker.ts';

/** Store time that an app may take at once before it has to share. */
const CAPACITY_MS = 900_000;
/** How much of each second comes back: half of a core for ever. */
const REFILL = 0.5;
/** Room that an app refused for its use must have again before it is let in. */
const ROOM_MS = 1000;

/** The time that each app's store was busy, so that no app keeps a core busy with calls that all end in time. */
export interface TimeBudgets<Ops> {
  /** The same worker, which answers Busy with `retryAfterMs` while this app has no store time left. */
  readonly limit: (appId: string, worker: Worker<Ops>) => Worker<Ops>;
}

/** `nowMs` only ever grows. */
export function createTimeBudgets<Ops>(
  nowMs: () => number = () => performance.now(),
): TimeBudgets<Ops> {
  const budgets = new Map<string, LimitedApp<Ops>>();
  return {
    limit: (appId, worker) => {
      const app = budgets.get(appId) ?? { budget: createTimeBudget(nowMs), workers: new WeakMap() };
      budgets.set(appId, app);
      const { budget, workers } = app;
      const known = workers.get(worker);
      if (known !== undefined) return known;
      const limited: Worker<Ops> = {
        ...worker,
        call: async (op, params, options) => {
          budget.enter();
          try {
            return await worker.call(op, params, options);
          } finally {
            budget.leave();
          }
        },
      };
      workers.set(worker, limited);
      return limited;
    },
  };
}

interface LimitedApp<Ops> {
  readonly budget: TimeBudget;
  /** The same worker is limited once. */
  readonly workers: WeakMap<Worker<Ops>, Worker<Ops>>;
}

interface TimeBudget {
  readonly enter: () => void;
  readonly leave: () => void;
}

/** Counts the time in which any call is in flight once, however many wait: a store does one thing at a time. */
function createTimeBudget(nowMs: () => number): TimeBudget {
  let leftMs = CAPACITY_MS;
  let countedAt = nowMs();
  let inFlight = 0;
  let isExhausted = false;
  const settle = (): void => {
    const elapsedMs = nowMs() - countedAt;
    countedAt += elapsedMs;
    leftMs = Math.min(CAPACITY_MS, leftMs + elapsedMs * (REFILL - (inFlight > 0 ? 1 : 0)));
    if (leftMs <= 0) isExhausted = true;
    if (leftMs >= ROOM_MS) isExhausted = false;
  };
  return {
    enter: () => {
      settle();
      if (isExhausted) throw busy((ROOM_MS - leftMs) / REFILL);
      inFlight += 1;
    },
    leave: () => {
      settle();
      inFlight -= 1;
    },
  };
}

function busy(waitMs: number): RpcError {
  return new RpcError('Busy', "The app has used up its store's time: call again later.", {
    details: { rule: 'store_time', retryAfterMs: Math.ceil(waitMs) },
  });
}
