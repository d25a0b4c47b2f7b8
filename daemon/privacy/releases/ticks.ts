import { setTimeout } from 'node:timers/promises';
import { RpcError } from '@locara/protocol';

/** A clock that nobody can set, and a wait. */
export interface TickClock {
  nowMs(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: TickClock = {
  nowMs: () => performance.now(),
  wait: async (ms, signal) => {
    await setTimeout(ms, undefined, { signal });
  },
};

const TICK_MS = 10;
/** Drawn in about half a tick. */
const COORDINATES_PER_TICK = 16_384;

/** How long the ticks of a release of this size are: by how much there is to draw, never by what is drawn. */
export function tickOf(coordinates: number): number {
  return TICK_MS * Math.max(1, Math.ceil(coordinates / COORDINATES_PER_TICK));
}

/**
 * Settles as `work` does, but only a whole number of ticks after the call came in: exact samplers try again until
 * they have a number, and for how long depends on the number. Throws Cancelled while it waits.
 */
export async function settleOnTick<T>(
  work: () => Promise<T>,
  {
    tickMs,
    signal,
    clock,
  }: { readonly tickMs: number; readonly signal: AbortSignal; readonly clock: TickClock },
): Promise<T> {
  const startedAt = clock.nowMs();
  try {
    return await work();
  } finally {
    const elapsedMs = clock.nowMs() - startedAt;
    const dueMs = Math.ceil(elapsedMs / tickMs) * tickMs;
    await waitUntil(startedAt + dueMs, signal, clock);
  }
}

async function waitUntil(atMs: number, signal: AbortSignal, clock: TickClock): Promise<void> {
  for (;;) {
    const leftMs = atMs - clock.nowMs();
    if (leftMs <= 0) return;
    try {
      await clock.wait(leftMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw cancelled();
    }
  }
}

export function cancelled(): RpcError {
  return new RpcError('Cancelled', 'The caller cancelled.');
}
