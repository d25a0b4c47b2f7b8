import { ggufF32, ggufF32s, ggufI32s, ggufString, ggufStrings, ggufU32 } from './gguf-values.ts';

/** The dimensions of SmolLM2-135M. */
const WIDTH = 576;
const LAYERS = 30;
const HEADS = 9;
const SHARED_HEADS = 3;
const INNER_WIDTH = 1536;
const VOCABULARY = 49_152;
const HEAD_WIDTH = WIDTH / HEADS;
export const SHAPE_CONTEXT_TOKENS = 8192;

/** A tensor by its shape alone; a norm holds ones. */
export interface ShapedTensor {
  readonly name: string;
  /** Numbers in a row, then rows. */
  readonly shape: readonly [number] | readonly [number, number];
}

/** In the order of the file. */
export const SHAPE_TENSORS: readonly ShapedTensor[] = [
  { name: 'token_embd.weight', shape: [WIDTH, VOCABULARY] },
  { name: 'output_norm.weight', shape: [WIDTH] },
  ...Array.from({ length: LAYERS }, (_, layer) => layerTensors(`blk.${layer}`)).flat(),
];

function layerTensors(layer: string): readonly ShapedTensor[] {
  const sharedWidth = SHARED_HEADS * HEAD_WIDTH;
  return [
    { name: `${layer}.attn_norm.weight`, shape: [WIDTH] },
    { name: `${layer}.attn_q.weight`, shape: [WIDTH, WIDTH] },
    { name: `${layer}.attn_k.weight`, shape: [WIDTH, sharedWidth] },
    { name: `${layer}.attn_v.weight`, shape: [WIDTH, sharedWidth] },
    { name: `${layer}.attn_output.weight`, shape: [WIDTH, WIDTH] },
    { name: `${layer}.ffn_norm.weight`, shape: [WIDTH] },
    { name: `${layer}.ffn_gate.weight`, shape: [WIDTH, INNER_WIDTH] },
    { name: `${layer}.ffn_up.weight`, shape: [WIDTH, INNER_WIDTH] },
    { name: `${layer}.ffn_down.weight`, shape: [INNER_WIDTH, WIDTH] },
  ];
}

/** The header of the file. Every word of up to three small letters is one token. */
export function shapeMetadata(): ReadonlyMap<string, Buffer> {
  const tokens = createVocabulary();
  return new Map([
    ['general.architecture', ggufString('llama')],
    ['general.name', ggufString('random-135m')],
    ['general.file_type', ggufU32(7)],
    ['llama.context_length', ggufU32(SHAPE_CONTEXT_TOKENS)],
    ['llama.embedding_length', ggufU32(WIDTH)],
    ['llama.block_count', ggufU32(LAYERS)],
    ['llama.feed_forward_length', ggufU32(INNER_WIDTH)],
    ['llama.attention.head_count', ggufU32(HEADS)],
    ['llama.attention.head_count_kv', ggufU32(SHARED_HEADS)],
    ['llama.attention.layer_norm_rms_epsilon', ggufF32(1e-5)],
    ['llama.rope.dimension_count', ggufU32(HEAD_WIDTH)],
    ['llama.rope.freq_base', ggufF32(100_000)],
    ['llama.vocab_size', ggufU32(VOCABULARY)],
    ['tokenizer.ggml.model', ggufString('llama')],
    ['tokenizer.ggml.tokens', ggufStrings(tokens)],
    // Earlier, that is shorter, words win where a text can be read in two ways.
    ['tokenizer.ggml.scores', ggufF32s(tokens.map((_token, index) => -index))],
    ['tokenizer.ggml.token_type', ggufI32s(tokens.map((_token, index) => kindOf(index)))],
    ['tokenizer.ggml.bos_token_id', ggufU32(1)],
    ['tokenizer.ggml.eos_token_id', ggufU32(2)],
    ['tokenizer.ggml.unknown_token_id', ggufU32(0)],
  ]);
}

const SPECIAL_TOKENS = ['<unk>', '<s>', '</s>'];
const BYTES = 256;
const KIND = { normal: 1, control: 3, byte: 6 } as const;

function kindOf(token: number): number {
  if (token < SPECIAL_TOKENS.length) return KIND.control;
  return token < SPECIAL_TOKENS.length + BYTES ? KIND.byte : KIND.normal;
}

function createVocabulary(): readonly string[] {
  const bytes = Array.from(
    { length: BYTES },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const words = VOCABULARY - SPECIAL_TOKENS.length - BYTES;
  return [
    ...SPECIAL_TOKENS,
    ...bytes,
    ...Array.from({ length: words }, (_, index) => `▁${toLetters(index)}`),
  ];
}

/** a, b, … z, aa, ab, … */
function toLetters(index: number): string {
  const letter = String.fromCodePoint(97 + (index % 26));
  return index < 26 ? letter : toLetters(Math.floor(index / 26) - 1) + letter;
}
