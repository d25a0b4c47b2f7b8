import { writeGguf } from './edit-gguf.ts';
import {
  ggufBool,
  ggufF32,
  ggufI32s,
  ggufString,
  ggufStrings,
  ggufText,
  ggufU32,
  u32,
  u64,
} from './gguf-values.ts';

const WIDTH = 32;
const LAYERS = 2;
const CONTEXT_TOKENS = 64;
const ALIGNMENT = 32;
const F32 = 0;
const MARKS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const WORDS = ['cat', 'dog', 'tree', 'bank', 'music', 'night', 'ball', 'water'];

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Writes a BERT with a ranking head, of 8 words and random weights: what it answers means nothing, but every part of
 * a real one is there. Returns its path.
 */
export function writeRandomRanker(): string {
  const tensors = rankerTensors(createRandom(7));
  const weights: Buffer[] = [];
  const heads: Buffer[] = [];
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    const size = values.byteLength;
    const dims = shape.map((length) => u64(length));
    heads.push(ggufText(name), u32(shape.length), ...dims, u32(F32), u64(offset));
    const padded = Buffer.alloc(Math.ceil(size / ALIGNMENT) * ALIGNMENT);
    padded.set(Buffer.from(values.buffer));
    weights.push(padded);
    offset += padded.length;
  }
  return writeGguf({
    version: 3,
    tensorCount: tensors.length,
    metadata: rankerMetadata(),
    tensors: Buffer.concat(heads),
    weights: Buffer.concat(weights),
  });
}

function rankerMetadata(): Map<string, Buffer> {
  const tokens = [...MARKS, ...WORDS.map((word) => `\u2581${word}`)];
  const types = tokens.map((_token, at) => (at < MARKS.length ? 3 : 1));
  return new Map([
    ['general.architecture', ggufString('bert')],
    ['general.name', ggufString('random-ranker')],
    ['bert.context_length', ggufU32(CONTEXT_TOKENS)],
    ['bert.embedding_length', ggufU32(WIDTH)],
    ['bert.feed_forward_length', ggufU32(WIDTH)],
    ['bert.block_count', ggufU32(LAYERS)],
    ['bert.attention.head_count', ggufU32(2)],
    ['bert.attention.layer_norm_epsilon', ggufF32(1e-12)],
    ['bert.attention.causal', ggufBool(false)],
    ['bert.pooling_type', ggufU32(4)],
    ['tokenizer.ggml.model', ggufString('bert')],
    ['tokenizer.ggml.token_type_count', ggufU32(2)],
    ['tokenizer.ggml.tokens', ggufStrings(tokens)],
    ['tokenizer.ggml.token_type', ggufI32s(types)],
    ['tokenizer.ggml.padding_token_id', ggufU32(0)],
    ['tokenizer.ggml.unknown_token_id', ggufU32(1)],
    ['tokenizer.ggml.cls_token_id', ggufU32(2)],
    ['tokenizer.ggml.bos_token_id', ggufU32(2)],
    ['tokenizer.ggml.seperator_token_id', ggufU32(3)],
    ['tokenizer.ggml.mask_token_id', ggufU32(4)],
  ]);
}

function rankerTensors(random: () => number): Tensor[] {
  const tensors: Tensor[] = [];
  const weight = (name: string, ...shape: readonly number[]): void => {
    const size = shape.reduce((product, length) => product * length, 1);
    tensors.push({ name, shape, values: Float32Array.from({ length: size }, random) });
  };
  const linear = (name: string, from: number, to: number): void => {
    weight(`${name}.weight`, from, to);
    weight(`${name}.bias`, to);
  };
  const norm = (name: string): void => {
    tensors.push({
      name: `${name}.weight`,
      shape: [WIDTH],
      values: new Float32Array(WIDTH).fill(1),
    });
    weight(`${name}.bias`, WIDTH);
  };
  weight('token_embd.weight', WIDTH, MARKS.length + WORDS.length);
  weight('position_embd.weight', WIDTH, CONTEXT_TOKENS);
  weight('token_types.weight', WIDTH, 2);
  norm('token_embd_norm');
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const part of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) {
      linear(`blk.${String(layer)}.${part}`, WIDTH, WIDTH);
    }
    norm(`blk.${String(layer)}.attn_output_norm`);
    linear(`blk.${String(layer)}.ffn_up`, WIDTH, WIDTH);
    linear(`blk.${String(layer)}.ffn_down`, WIDTH, WIDTH);
    norm(`blk.${String(layer)}.layer_output_norm`);
  }
  linear('cls', WIDTH, WIDTH);
  linear('cls.output', WIDTH, 1);
  return tensors;
}

/** Numbers of -0.5..0.5, the same ones every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}
