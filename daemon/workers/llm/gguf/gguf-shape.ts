import type { GgufValue } from './gguf-reader.ts';

/** The sizes of a model that decide how much memory it takes. What a header leaves out or says oddly counts as 0. */
export interface ModelShape {
  readonly fileBytes: number;
  readonly layers: number;
  /** Numbers of one token between two layers. */
  readonly width: number;
  /** Numbers of one token inside the widest layer. */
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Of the layer that has most. */
  readonly heads: number;
  /** Keys and values that attention keeps of every token, numbers over all layers. */
  readonly keyValueNumbers: number;
  /** What recurrent layers keep of a whole sequence, however long. */
  readonly stateBytes: number;
}

type Metadata = ReadonlyMap<string, GgufValue>;

const STATE_NUMBER_BYTES = 4;
/** Beyond any model, and still finite when several are multiplied. */
const MAX_SIZE = 2 ** 40;

/**
 * Reads the shape out of sound metadata; never throws. Sliding windows are counted as if every layer saw the
 * whole context, and hybrid models as if every layer were of both kinds: more than they take, never less.
 */
export function readShape(metadata: Metadata, architecture: string, fileBytes: number): ModelShape {
  const size = (key: string): number => largest(metadata.get(`${architecture}.${key}`));
  const layers = size('block_count');
  const width = size('embedding_length');
  const heads = size('attention.head_count');
  const headLength = heads > 0 ? Math.ceil(width / heads) : 0;
  const keyLength = longest(size, 'attention.key_length') || headLength;
  const valueLength = longest(size, 'attention.value_length') || headLength;
  const tokens = metadata.get('tokenizer.ggml.tokens');
  return {
    fileBytes,
    layers,
    width,
    feedForward: Math.max(
      size('feed_forward_length'),
      size('expert_feed_forward_length') * Math.max(1, size('expert_used_count')),
    ),
    vocabulary: Math.max(size('vocab_size'), typeof tokens === 'object' ? tokens.length : 0),
    heads,
    keyValueNumbers: countKeyHeads(metadata, architecture, layers) * (keyLength + valueLength),
    stateBytes: layers * countStateNumbers(size) * STATE_NUMBER_BYTES,
  };
}

/** Some models have longer heads in the layers with a sliding window. */
function longest(size: (key: string) => number, key: string): number {
  return Math.max(size(key), size(`${key}_swa`));
}

/** Over all layers: one number is that of every layer, and a list that is too short goes on as its largest. */
function countKeyHeads(metadata: Metadata, architecture: string, layers: number): number {
  const key = `${architecture}.attention.head_count`;
  const counts = metadata.get(`${key}_kv`) ?? metadata.get(key);
  if (typeof counts !== 'object') return toSize(counts) * layers;
  const stated = counts.numbers.slice(0, layers).map(toSize);
  const total = stated.reduce((sum, count) => sum + count, 0);
  return total + (layers - stated.length) * largest(counts);
}

/** Of one recurrent layer: Mamba's convolution and state, RWKV's shifts and state. */
function countStateNumbers(size: (key: string) => number): number {
  const inner = size('ssm.inner_size');
  const state = size('ssm.state_size');
  const kernel = Math.max(0, size('ssm.conv_kernel') - 1);
  const convolution = kernel * (inner + 2 * size('ssm.group_count') * state);
  const headSize = size('wkv.head_size');
  const shifts = headSize > 0 ? size('embedding_length') * (2 + headSize) : 0;
  return convolution + inner * state + shifts;
}

function largest(value: GgufValue | undefined): number {
  if (typeof value !== 'object') return toSize(value);
  return value.numbers.reduce((most, number) => Math.max(most, toSize(number)), 0);
}

function toSize(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(MAX_SIZE, Math.ceil(value)) : 0;
}
