import type { Token } from '../token.ts';

/** A context of the engine that answers a text with numbers. One call at a time. */
export interface VectorContext {
  /** At least one token, and no more than the model reads at once. */
  read(tokens: readonly Token[]): Promise<Float32Array>;
  setThreads(threads: number): void;
}

/** The native half of the library's embedding and ranking contexts, as far as it is driven from here. */
interface Native {
  initBatch(size: number): void;
  addToBatch(
    sequence: number,
    position: number,
    tokens: Uint32Array,
    logitIndexes: Uint32Array,
  ): void;
  decodeBatch(): Promise<void>;
  getEmbedding(inputTokens: number): Float64Array;
  disposeSequence(sequence: number): void;
  setThreads(threads: number): void;
}

const METHODS = [
  'initBatch',
  'addToBatch',
  'decodeBatch',
  'getEmbedding',
  'disposeSequence',
  'setThreads',
] as const satisfies readonly (keyof Native)[];

/** The only one whose numbers the library hands out: so one text at a time. */
const SEQUENCE = 0;

/**
 * Drives the native half of an embedding or ranking context without the library's locks and queue, which take
 * longer than a short text (note 0125). Throws when this version of the library has not what that needs.
 */
export function createNativeVectors(context: object): VectorContext {
  const native = findNative(context);
  return {
    read: async (tokens) => {
      native.disposeSequence(SEQUENCE);
      native.initBatch(tokens.length);
      native.addToBatch(SEQUENCE, 0, Uint32Array.from(tokens), Uint32Array.of(tokens.length - 1));
      await native.decodeBatch();
      return Float32Array.from(native.getEmbedding(tokens.length));
    },
    setThreads: (threads) => {
      native.setThreads(threads);
    },
  };
}

function findNative(context: object): Native {
  const inner = '_llamaContext' in context ? context._llamaContext : undefined;
  const native = isObject(inner) && '_ctx' in inner ? inner._ctx : undefined;
  if (!isNative(native)) throw new Error('this version of the library is driven in another way');
  return native;
}

function isNative(value: unknown): value is Native {
  return isObject(value) && METHODS.every((name) => typeof Reflect.get(value, name) === 'function');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
