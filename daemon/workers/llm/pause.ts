import { throwIfCancelled } from './cancelled.ts';

const SLICE_MS = 8;

/**
 * Lets whatever else waits in this process go first, whenever this has worked for a while; throws Cancelled when the
 * call was cancelled meanwhile.
 */
export function createPauses(signal?: AbortSignal): () => Promise<void> {
  let startedAt = performance.now();
  return async () => {
    if (performance.now() - startedAt < SLICE_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    if (signal !== undefined) throwIfCancelled(signal);
    startedAt = performance.now();
  };
}
