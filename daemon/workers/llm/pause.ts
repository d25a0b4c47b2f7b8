/** Lets whatever else waits in this process go first, whenever this has worked for `sliceMs`. */
export function createPauses(sliceMs = 8): () => Promise<void> {
  let startedAt = performance.now();
  return async () => {
    if (performance.now() - startedAt < sliceMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    startedAt = performance.now();
  };
}
