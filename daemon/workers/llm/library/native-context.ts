import type { LlamaModel, LlamaContext } from 'node-llama-cpp';
import type { Token } from '../token.ts';
import type { Sampler } from '../batch/batch.ts';
import type { DecodeContext } from '../batch/decode-context.ts';
import { findNative, isObject, type Native, otherLibraryError } from './native.ts';
import { NativeSampler, type NativeSamplerClass } from './native-sampler.ts';

interface NativeDecoder extends Native {
  sampleToken(logitIndex: number, sampler: object): Promise<number>;
  sampleToken(
    logitIndex: number,
    sampler: object,
    probabilities: true,
  ): Promise<readonly [number, readonly number[] | undefined, unknown]>;
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  getSequenceKvCacheMinPosition(sequence: number): number;
}

const METHODS = [
  'sampleToken',
  'removeTokenCellsFromSequence',
  'getSequenceKvCacheMinPosition',
] as const satisfies readonly (keyof NativeDecoder)[];

/** Every token as likely as the model finds it. */
const PLAIN_SAMPLING = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repeatPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 0,
} as const;

/** What the library keeps for itself. */
export interface Internals {
  readonly native: NativeDecoder;
  readonly samplerClass: NativeSamplerClass;
  readonly nativeModel: object;
}

/**
 * Drives the library's native context without its own queue, which costs a quarter of the tokens of a small model
 * and samples several sequences at once without a lock (notes 0023 and 0130). Throws when this version of the
 * library has not what that needs.
 */
export function createNativeContext(
  context: LlamaContext,
  model: LlamaModel,
  limits: Pick<DecodeContext, 'cells' | 'maxBatchTokens' | 'canTruncate'>,
): DecodeContext {
  const internals = findInternals(context, model);
  const { native } = internals;
  const plain = new NativeSampler(internals, PLAIN_SAMPLING);
  return {
    ...limits,
    sequences: context.totalSequences,
    decode: async (entries) => {
      let size = 0;
      for (const { tokens } of entries) size += tokens.length;
      native.initBatch(size);
      const handles = entries.map(({ sequence, position, tokens, outputs }) =>
        native.addToBatch(sequence, position, new Uint32Array(tokens), new Uint32Array(outputs)),
      );
      await native.decodeBatch();
      return handles;
    },
    sample: (handle, sampler) => sample(native, handle, sampler),
    probabilities: async (handle) => {
      const [, probabilities] = await native.sampleToken(handle, plain.native, true);
      return probabilities ?? [];
    },
    truncate: (sequence, position) => native.removeTokenCellsFromSequence(sequence, position, -1),
    firstPosition: (sequence) => native.getSequenceKvCacheMinPosition(sequence),
    clear: (sequence) => {
      native.disposeSequence(sequence);
    },
    setThreads: (threads) => {
      native.setThreads(threads);
    },
  };
}

async function sample(native: NativeDecoder, handle: number, sampler: Sampler): Promise<Token> {
  if (!(sampler instanceof NativeSampler)) throw new Error('not a sampler of this library');
  const token = await sampler.choose((chooser) => native.sampleToken(handle, chooser));
  if (token < 0) throw new Error('no token is left to choose');
  return token;
}

export function findInternals(context: object, model: LlamaModel): Internals {
  const native = findNative<NativeDecoder>(context, METHODS);
  const nativeModel = '_model' in model ? model._model : undefined;
  const bindings = '_bindings' in model.llama ? model.llama._bindings : undefined;
  if (native === undefined || !isObject(nativeModel) || !hasSampler(bindings)) {
    throw otherLibraryError();
  }
  return { native, nativeModel, samplerClass: bindings.AddonSampler };
}

function hasSampler(value: unknown): value is { readonly AddonSampler: NativeSamplerClass } {
  return isObject(value) && 'AddonSampler' in value && typeof value.AddonSampler === 'function';
}
