import { RpcError } from '@locara/protocol/errors';
import type { GgufValue } from './gguf-reader.ts';
import { failFormat, GgufFormatError, GgufReader } from './gguf-reader.ts';
import { type ModelShape, readShape } from './gguf-shape.ts';
import { checkTensors } from './gguf-tensors.ts';

/** What a sound model file says about itself. */
export interface GgufSummary {
  readonly architecture: string;
  /** Tokens of context the model was trained with. */
  readonly contextTokens: number;
  /** Whether it can write; a model that reads in both directions only embeds. */
  readonly isCausal: boolean;
  /** Whether it answers how well a document fits a query, and nothing else. */
  readonly isRanker: boolean;
  /** Whether it keeps a state that cannot be taken back token by token. */
  readonly isRecurrent: boolean;
  readonly vocabularySize: number;
  readonly shape: ModelShape;
}

const MAX_ENTRIES = 1 << 16;
const MAX_LAYERS = 4096;
/** None, mean, first, last, rank: the engine aborts at any other. */
const RANK_POOLING_TYPE = 4;
/** Sizes a model may leave out; a zero would make tensors without elements, which abort the engine. */
const OPTIONAL_LENGTHS = [
  'feed_forward_length',
  'attention.key_length',
  'attention.value_length',
  'vocab_size',
];

/**
 * Looks at a GGUF file before the engine does, because a malformed one can abort the process: magic,
 * version, counts, dimensions the engine divides by, and that every tensor ends inside the file.
 * Throws Unavailable; `details.rule` says what is wrong, never where the file is.
 */
export function checkGguf(path: string): GgufSummary {
  const reader = openModel(path);
  try {
    return checkFile(reader);
  } catch (error) {
    if (error instanceof GgufFormatError) throw unusable(error.rule);
    throw error;
  } finally {
    reader.close();
  }
}

function openModel(path: string): GgufReader {
  try {
    return new GgufReader(path);
  } catch {
    throw unusable('model_file_missing');
  }
}

function checkFile(reader: GgufReader): GgufSummary {
  if (reader.fileBytes < 24 || reader.bytes(4).toString('latin1') !== 'GGUF')
    failFormat('gguf_magic');
  const version = reader.u32();
  if (version !== 2 && version !== 3) failFormat('gguf_version');
  const tensorCount = reader.count();
  const entryCount = reader.count();
  if (tensorCount < 1 || tensorCount > MAX_ENTRIES) failFormat('gguf_count');
  if (entryCount < 1 || entryCount > MAX_ENTRIES) failFormat('gguf_count');
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < entryCount; index++) metadata.set(reader.string(), reader.value());
  const summary = checkMetadata(metadata, reader.fileBytes);
  const { architecture } = summary;
  checkTensors(reader, {
    count: tensorCount,
    alignment: metadata.get('general.alignment') ?? 32,
    width: Number(metadata.get(`${architecture}.embedding_length`)),
    feedForward: metadata.get(`${architecture}.feed_forward_length`),
  });
  return summary;
}

function checkMetadata(metadata: ReadonlyMap<string, GgufValue>, fileBytes: number): GgufSummary {
  const architecture = metadata.get('general.architecture');
  if (typeof architecture !== 'string') return failFormat('gguf_architecture');
  const number = (key: string, max: number): number => {
    const value = metadata.get(`${architecture}.${key}`);
    if (typeof value !== 'number' || value < 1 || value > max) return failFormat(`gguf_${key}`);
    return value;
  };
  const contextTokens = number('context_length', 2 ** 31);
  const width = number('embedding_length', 2 ** 20);
  number('block_count', MAX_LAYERS);
  // Recurrent models have neither heads nor these, and say so with zeros.
  if (!isRecurrent(metadata, architecture)) {
    for (const key of OPTIONAL_LENGTHS) {
      if (typeof metadata.get(`${architecture}.${key}`) === 'number') number(key, 2 ** 31);
    }
    checkHeads(metadata, `${architecture}.attention.head_count`, width);
  }
  const pooling = metadata.get(`${architecture}.pooling_type`) ?? 0;
  if (typeof pooling !== 'number' || pooling < 0 || pooling > RANK_POOLING_TYPE) {
    return failFormat('gguf_pooling_type');
  }
  const vocabularySize = checkVocabulary(metadata);
  const isCausal = metadata.get(`${architecture}.attention.causal`) !== false;
  return {
    architecture,
    contextTokens,
    isCausal,
    isRanker: pooling === RANK_POOLING_TYPE,
    isRecurrent: isRecurrent(metadata, architecture),
    vocabularySize,
    shape: readShape(metadata, architecture, fileBytes),
  };
}

function isRecurrent(metadata: ReadonlyMap<string, GgufValue>, architecture: string): boolean {
  return [...metadata.keys()].some(
    (name) => name.startsWith(`${architecture}.ssm.`) || name.startsWith(`${architecture}.wkv`),
  );
}

function checkHeads(metadata: ReadonlyMap<string, GgufValue>, key: string, width: number): void {
  const heads = metadata.get(key);
  for (const value of [heads, metadata.get(`${key}_kv`) ?? heads]) {
    const counts = typeof value === 'object' ? value.numbers : [value];
    for (const count of counts) {
      if (typeof count !== 'number' || count > width) failFormat('gguf_head_count');
      else if (count < (typeof value === 'object' ? 0 : 1)) failFormat('gguf_head_count');
    }
  }
}

function checkVocabulary(metadata: ReadonlyMap<string, GgufValue>): number {
  const tokens = metadata.get('tokenizer.ggml.tokens');
  if (typeof tokens !== 'object' || tokens.length === 0) return failFormat('gguf_vocabulary');
  for (const name of ['bos', 'eos']) {
    const id = metadata.get(`tokenizer.ggml.${name}_token_id`);
    const isNone = id === undefined || id === 0xffff_ffff;
    if (!isNone && (typeof id !== 'number' || id < 0 || id >= tokens.length)) {
      failFormat('gguf_vocabulary');
    }
  }
  return tokens.length;
}

function unusable(rule: string): RpcError {
  return new RpcError('Unavailable', 'The model file cannot be used; reinstall the model.', {
    details: { rule },
  });
}
