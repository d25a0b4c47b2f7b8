import { setImmediate } from 'node:timers/promises';
import { RpcError } from '@locara/protocol/errors';

const SLICE_MS = 4;

/** Runs what pauses (yields) often, and lets others go first every few milliseconds. Throws Cancelled. */
export async function runInSlices<T>(
  work: Iterator<undefined, T>,
  signal: AbortSignal,
): Promise<T> {
  let sliceEndMs = performance.now() + SLICE_MS;
  for (;;) {
    if (signal.aborted) throw new RpcError('Cancelled', 'The search was cancelled.');
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() < sliceEndMs) continue;
    await setImmediate();
    sliceEndMs = performance.now() + SLICE_MS;
  }
}

/** Runs it to its end at once. */
export function runAtOnce<T>(work: Iterator<undefined, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
