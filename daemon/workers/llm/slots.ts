import { RpcError } from '@locara/protocol/errors';

/** A fixed number of places; those who find none wait in order. */
export interface Slots {
  /** Runs `work` in a place of its own. An abort while it waits fails with Cancelled. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createSlots(count: number): Slots {
  const waiting = new Set<() => void>();
  let free = count;

  const acquire = async (signal: AbortSignal): Promise<void> => {
    throwIfCancelled(signal);
    if (free > 0) {
      free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const grant = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.delete(grant);
        reject(cancelled());
      };
      waiting.add(grant);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  };

  const release = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      free++;
      return;
    }
    waiting.delete(next);
    next();
  };

  return {
    async run(signal, work) {
      await acquire(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled();
}

function cancelled(): RpcError {
  return new RpcError('Cancelled', 'The call was cancelled.');
}
