import type { GgufReader, GgufValue } from './gguf-reader.ts';
import { failFormat } from './gguf-reader.ts';

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

export interface ExpectedTensors {
  readonly count: number;
  readonly alignment: GgufValue;
  /** `embedding_length` of the model. */
  readonly width: number;
  /** `feed_forward_length` of the model; per layer in some, absent in those without such a layer. */
  readonly feedForward: GgufValue | undefined;
}

/**
 * Reads the descriptions of all tensors and checks that the last of them ends inside the file, and
 * that the two sizes the engine takes on trust are those of the tensors: it aborts where they differ.
 */
export function checkTensors(reader: GgufReader, expected: ExpectedTensors): void {
  const { count, alignment } = expected;
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 16) {
    return failFormat('gguf_alignment');
  }
  let lastEnd = 0;
  for (let index = 0; index < count; index++) {
    const tensor = readTensor(reader, alignment);
    checkInputSize(tensor, expected);
    lastEnd = Math.max(lastEnd, tensor.end);
  }
  const tensorsAt = Math.ceil(reader.offset / alignment) * alignment;
  if (tensorsAt + lastEnd > reader.fileBytes) failFormat('gguf_truncated');
}

interface Tensor {
  readonly name: string;
  /** Its first dimension. */
  readonly inputSize: number;
  /** Where it ends, from the start of the tensors. */
  readonly end: number;
}

function checkInputSize({ name, inputSize }: Tensor, expected: ExpectedTensors): void {
  const { width, feedForward } = expected;
  if (name === 'token_embd.weight' && inputSize !== width) failFormat('gguf_embedding_length');
  if (name !== 'blk.0.ffn_down.weight' || typeof feedForward === 'object') return;
  if (inputSize !== feedForward) failFormat('gguf_feed_forward_length');
}

function readTensor(reader: GgufReader, alignment: number): Tensor {
  const name = reader.string();
  const dimensions = reader.u32();
  if (dimensions < 1 || dimensions > 4) failFormat('gguf_tensor_shape');
  const sizes = Array.from({ length: dimensions }, () => reader.count());
  const elements = sizes.reduce((product, size) => product * size, 1);
  const block = BLOCKS[reader.u32()];
  const offset = reader.count();
  if (elements < 1 || !Number.isSafeInteger(elements)) failFormat('gguf_tensor_shape');
  if (offset % alignment !== 0) failFormat('gguf_alignment');
  // A type newer than this table: at least its start must lie inside the file.
  const bytes = block === undefined ? 1 : Math.ceil(elements / block[0]) * block[1];
  return { name, inputSize: sizes[0] ?? 0, end: offset + bytes };
}
