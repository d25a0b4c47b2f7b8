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

/** Tensors whose size only `feed_forward_length` tells; the engine aborts without it. */
const DENSE_TENSORS = new Set(['blk.0.ffn_up.weight', 'blk.0.ffn_down.weight']);

/** Reads the descriptions of all tensors and checks that the last of them ends inside the file. */
export function checkTensors(
  reader: GgufReader,
  expected: {
    readonly count: number;
    readonly alignment: GgufValue;
    readonly hasFeedForward: boolean;
  },
): void {
  const { count, alignment, hasFeedForward } = expected;
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 16) {
    return failFormat('gguf_alignment');
  }
  let lastEnd = 0;
  for (let index = 0; index < count; index++) {
    const { name, end } = readTensor(reader, alignment);
    if (!hasFeedForward && DENSE_TENSORS.has(name)) failFormat('gguf_feed_forward_length');
    lastEnd = Math.max(lastEnd, end);
  }
  const tensorsAt = Math.ceil(reader.offset / alignment) * alignment;
  if (tensorsAt + lastEnd > reader.fileBytes) failFormat('gguf_truncated');
}

/** One tensor's name and where it ends, from the start of the tensors. */
function readTensor(reader: GgufReader, alignment: number): { name: string; end: number } {
  const name = reader.string();
  const dimensions = reader.u32();
  if (dimensions < 1 || dimensions > 4) failFormat('gguf_tensor_shape');
  let elements = 1;
  for (let index = 0; index < dimensions; index++) elements *= reader.count();
  const block = BLOCKS[reader.u32()];
  const offset = reader.count();
  if (elements < 1 || !Number.isSafeInteger(elements)) failFormat('gguf_tensor_shape');
  if (offset % alignment !== 0) failFormat('gguf_alignment');
  // A type newer than this table: at least its start must lie inside the file.
  const bytes = block === undefined ? 1 : Math.ceil(elements / block[0]) * block[1];
  return { name, end: offset + bytes };
}
