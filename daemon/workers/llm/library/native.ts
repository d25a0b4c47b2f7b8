/** The native half of any context of the library, as far as it is driven from here. */
export interface Native {
  initBatch(size: number): void;
  /** Where the choices at these indexes are found. */
  addToBatch(
    sequence: number,
    position: number,
    tokens: Uint32Array,
    logitIndexes: Uint32Array,
  ): Uint32Array;
  decodeBatch(): Promise<void>;
  disposeSequence(sequence: number): void;
  setThreads(threads: number): void;
}

const METHODS = [
  'initBatch',
  'addToBatch',
  'decodeBatch',
  'disposeSequence',
  'setThreads',
] as const satisfies readonly (keyof Native)[];

/** What the library keeps for itself under `_ctx`; undefined unless it has all that every context has, and these. */
export function findNative<N extends Native>(
  context: unknown,
  methods: readonly (keyof N & string)[],
): N | undefined {
  const native = isObject(context) && '_ctx' in context ? context._ctx : undefined;
  if (!isObject(native)) return undefined;
  const hasAll = [...METHODS, ...methods].every(
    (name) => typeof Reflect.get(native, name) === 'function',
  );
  return hasAll ? (native as N) : undefined;
}

/** The version of the library is pinned; what it has not is said at the start. */
export function otherLibraryError(): Error {
  return new Error('this version of the library is driven in another way');
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
