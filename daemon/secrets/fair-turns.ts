import { RpcError } from '@locara/protocol';

export interface FairTurnsLimits {
  /** Tasks of one owner that have not begun. */
  readonly maxWaitingPerOwner: number;
  readonly maxWaiting: number;
}

export interface Turn {
  readonly owner: string;
  /** What the task costs, in any unit: who has had much waits for who has had little. */
  readonly cost: number;
  /** Takes the task out of the queue; one that has begun runs to its end. */
  readonly signal: AbortSignal;
}

/** Runs one task at a time, so that what each needs is needed once. */
export type FairTurns = <Result>(turn: Turn, task: () => Promise<Result>) => Promise<Result>;

interface Waiting extends Turn {
  readonly begin: () => Promise<void>;
}

/**
 * The next turn is of the owner whose tasks have cost the least; who comes anew begins where the others are, so
 * that nobody saves up. Throws Busy when too much waits.
 */
export function createFairTurns(limits: FairTurnsLimits): FairTurns {
  const waiting: Waiting[] = [];
  const spent = new Map<string, number>();
  /** What the owner of the running task had had before it. */
  let servedAt = 0;
  let isRunning = false;

  const costOf = ({ owner }: Turn): number => spent.get(owner) ?? 0;
  const takeNext = (): Waiting | undefined => {
    const [first, ...others] = waiting;
    if (first === undefined) return undefined;
    const next = others.reduce(
      (least, turn) => (costOf(turn) < costOf(least) ? turn : least),
      first,
    );
    waiting.splice(waiting.indexOf(next), 1);
    return next;
  };
  const runAll = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    for (let turn = takeNext(); turn !== undefined; turn = takeNext()) {
      servedAt = costOf(turn);
      spent.set(turn.owner, servedAt + turn.cost);
      await turn.begin();
    }
    spent.clear();
    servedAt = 0;
    isRunning = false;
  };

  return (turn, task) => {
    const own = waiting.filter(({ owner }) => owner === turn.owner);
    if (own.length >= limits.maxWaitingPerOwner || waiting.length >= limits.maxWaiting) {
      return Promise.reject(busy());
    }
    if (own.length === 0) spent.set(turn.owner, Math.max(costOf(turn), servedAt));
    return new Promise((resolve, reject) => {
      const queued: Waiting = {
        ...turn,
        begin: async (): Promise<void> => {
          turn.signal.removeEventListener('abort', leave);
          await task().then(resolve, reject);
        },
      };
      const leave = (): void => {
        const place = waiting.indexOf(queued);
        if (place === -1) return;
        waiting.splice(place, 1);
        reject(turn.signal.reason as Error);
      };
      turn.signal.addEventListener('abort', leave, { once: true });
      waiting.push(queued);
      if (turn.signal.aborted) leave();
      void runAll();
    });
  };
}

function busy(): RpcError {
  return new RpcError(
    'Busy',
    'Too many passphrases wait to be turned into keys: try again later.',
    {
      details: { retryAfterMs: 1000 },
    },
  );
}
