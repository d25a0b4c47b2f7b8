import type { Token } from '../token.ts';
import { findNative, type Native, otherLibraryError } from './native.ts';

/** A context of the engine that answers a text with numbers. One call at a time. */
export interface VectorContext {
  /** At least one token, and no more than the model reads at once. */
  read(tokens: readonly Token[]): Promise<Float32Array>;
  setThreads(threads: number): void;
}

interface NativeEmbedder extends Native {
  getEmbedding(inputTokens: number): Float64Array;
}

/** The only one whose numbers the library hands out: so one text at a time. */
const SEQUENCE = 0;

/**
 * Drives the native half of an embedding or ranking context without the library's locks and queue, which take
 * longer than a short text (note 0125). Throws when this version of the library has not what that needs.
 */
export function createNativeVectors(context: object): VectorContext {
  const inner = '_llamaContext' in context ? context._llamaContext : undefined;
  const native = findNative<NativeEmbedder>(inner, ['getEmbedding']);
  if (native === undefined) throw otherLibraryError();
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
