/** The native half of a context, as far as sampling goes. */
interface NativeContext {
  sampleToken(...args: readonly unknown[]): Promise<unknown>;
}

/**
 * Makes a context of node-llama-cpp sample its sequences one after the other. After a batch the
 * library samples all of them at once on several threads, and the first access to the results
 * reorders them in place, without a lock: measured at 4 sequences, 1 call in 100 continued with a
 * token of another sequence, that is, perhaps of another app. False when this version of the library
 * has no such place; then only a single sequence is safe.
 */
export function serializeSampling(context: object): boolean {
  const native: unknown = '_ctx' in context ? context._ctx : undefined;
  if (!isNativeContext(native)) return false;
  const sampleToken = native.sampleToken.bind(native);
  let last: Promise<unknown> = Promise.resolve();
  // The library's own method is read-only, so this one is put in front of it.
  return Reflect.defineProperty(native, 'sampleToken', {
    value: (...args: readonly unknown[]) => {
      const sampled = last.then(() => sampleToken(...args));
      last = sampled.catch(() => undefined);
      return sampled;
    },
  });
}

function isNativeContext(value: unknown): value is NativeContext {
  return (
    typeof value === 'object' &&
    value !== null &&
    'sampleToken' in value &&
    typeof value.sampleToken === 'function'
  );
}
