import { RpcError } from '@locara/protocol';
import type { GgufValue } from './gguf-reader.ts';
import { GgufFormatError, GgufReader } from './gguf-reader.ts';

/** What a sound model file says about itself. */
export interface GgufSummary {
  readonly architecture: string;
  /** Tokens of context the model was trained with. */
  readonly contextTokens: number;
}

const MAX_ENTRIES = 1 << 16;
const MAX_LAYERS = 4096;

/** Elements and bytes of a block of each tensor type, by its number. */
const BLOCKS: Readonly<Record<number, readonly [elements: number, bytes: number]>> = {
  0: [1, 4],
  1: [1, 2],
  2: [32, 18],
  3: [32, 20],
  6: [32, 22],
  7: [32, 24],
  8: [32, 34],
  9: [32, 36],
  10: [256, 84],
  11: [256, 110],
  12: [256, 144],
  13: [256, 176],
  14: [256, 210],
  15: [256, 292],
  16: [256, 66],
  17: [256, 74],
  18: [256, 98],
  19: [256, 50],
  20: [32, 18],
  21: [256, 110],
  22: [256, 82],
  23: [256, 136],
  24: [1, 1],
  25: [1, 2],
  26: [1, 4],
  27: [1, 8],
  28: [1, 8],
  29: [256, 56],
  30: [1, 2],
  34: [256, 54],
  35: [256, 66],
  39: [32, 17],
};

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
  if (reader.fileBytes < 24 || reader.bytes(4).toString('latin1') !== 'GGUF') fail('gguf_magic');
  const version = reader.u32();
  if (version !== 2 && version !== 3) fail('gguf_version');
  const tensorCount = reader.count();
  const entryCount = reader.count();
  if (tensorCount < 1 || tensorCount > MAX_ENTRIES) fail('gguf_count');
  if (entryCount < 1 || entryCount > MAX_ENTRIES) fail('gguf_count');
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < entryCount; index++) metadata.set(reader.string(), reader.value());
  const summary = checkMetadata(metadata);
  checkTensors(reader, tensorCount, metadata.get('general.alignment') ?? 32);
  return summary;
}

function checkMetadata(metadata: ReadonlyMap<string, GgufValue>): GgufSummary {
  const architecture = metadata.get('general.architecture');
  if (typeof architecture !== 'string') return fail('gguf_architecture');
  const number = (key: string, max: number): number => {
    const value = metadata.get(`${architecture}.${key}`);
    if (typeof value !== 'number' || value < 1 || value > max) return fail(`gguf_${key}`);
    return value;
  };
  const contextTokens = number('context_length', 2 ** 31);
  const width = number('embedding_length', 2 ** 20);
  number('block_count', MAX_LAYERS);
  checkHeads(metadata, architecture, width);
  checkVocabulary(metadata);
  return { architecture, contextTokens };
}

function checkHeads(
  metadata: ReadonlyMap<string, GgufValue>,
  architecture: string,
  width: number,
): void {
  const key = `${architecture}.attention.head_count`;
  const heads = metadata.get(key);
  // Recurrent models have no attention and say so with a zero.
  const isRecurrent = [...metadata.keys()].some(
    (name) => name.startsWith(`${architecture}.ssm.`) || name.startsWith(`${architecture}.wkv`),
  );
  if (isRecurrent) return;
  for (const value of [heads, metadata.get(`${key}_kv`) ?? heads]) {
    const counts = typeof value === 'object' ? value.numbers : [value];
    for (const count of counts) {
      if (typeof count !== 'number' || count > width) fail('gguf_head_count');
      else if (count < (typeof value === 'object' ? 0 : 1)) fail('gguf_head_count');
    }
  }
}

function checkVocabulary(metadata: ReadonlyMap<string, GgufValue>): void {
  const tokens = metadata.get('tokenizer.ggml.tokens');
  if (typeof tokens !== 'object' || tokens.length === 0) return fail('gguf_vocabulary');
  for (const name of ['bos', 'eos']) {
    const id = metadata.get(`tokenizer.ggml.${name}_token_id`);
    const isNone = id === undefined || id === 0xffff_ffff;
    if (!isNone && (typeof id !== 'number' || id < 0 || id >= tokens.length)) {
      fail('gguf_vocabulary');
    }
  }
}

function checkTensors(reader: GgufReader, tensorCount: number, alignment: GgufValue): void {
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 16) {
    return fail('gguf_alignment');
  }
  let lastEnd = 0;
  for (let index = 0; index < tensorCount; index++) {
    lastEnd = Math.max(lastEnd, readTensorEnd(reader, alignment));
  }
  const tensorsAt = Math.ceil(reader.offset / alignment) * alignment;
  if (tensorsAt + lastEnd > reader.fileBytes) fail('gguf_truncated');
}

/** Reads one tensor's description; returns where it ends, from the start of the tensors. */
function readTensorEnd(reader: GgufReader, alignment: number): number {
  reader.string();
  const dimensions = reader.u32();
  if (dimensions < 1 || dimensions > 4) fail('gguf_tensor_shape');
  let elements = 1;
  for (let index = 0; index < dimensions; index++) elements *= reader.count();
  const block = BLOCKS[reader.u32()];
  const offset = reader.count();
  if (elements < 1 || !Number.isSafeInteger(elements)) fail('gguf_tensor_shape');
  if (offset % alignment !== 0) fail('gguf_alignment');
  // A type newer than this table: at least its start must lie inside the file.
  return block === undefined ? offset + 1 : offset + Math.ceil(elements / block[0]) * block[1];
}

function fail(rule: string): never {
  throw new GgufFormatError(rule);
}

function unusable(rule: string): RpcError {
  return new RpcError('Unavailable', 'The model file cannot be used; reinstall the model.', {
    details: { rule },
  });
}
