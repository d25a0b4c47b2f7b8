import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GgufValue } from '../../../../../daemon/workers/llm/gguf/gguf-reader.ts';
import { readShape } from '../../../../../daemon/workers/llm/gguf/gguf-shape.ts';

const list = (...numbers: number[]): GgufValue => ({ length: numbers.length, numbers });
const read = (metadata: Readonly<Record<string, GgufValue>>) =>
  readShape(new Map(Object.entries(metadata).map(([key, value]) => [`a.${key}`, value])), 'a', 1);

const SIZES = { block_count: 4, embedding_length: 64, 'attention.head_count': 8 };

test('without a count of its own, every head keeps keys and values', () => {
  expect(read(SIZES).keyValueNumbers).toBe(4 * 8 * (8 + 8));
});

test('stated lengths win over width by heads, the longer of two kinds of layer', () => {
  const stated = {
    ...SIZES,
    'attention.head_count_kv': 2,
    'attention.key_length': 32,
    'attention.key_length_swa': 48,
    'attention.value_length': 16,
  };
  expect(read(stated).keyValueNumbers).toBe(4 * 2 * (48 + 16));
});

test('counts may differ by layer, a short list goes on as its largest', () => {
  const kept = (...counts: number[]) =>
    read({ ...SIZES, 'attention.head_count_kv': list(...counts) }).keyValueNumbers;
  expect(kept(0, 8, 0, 2)).toBe(10 * 16);
  expect(kept(1, 2)).toBe(7 * 16);
  expect(kept(1, 1, 1, 1, 100)).toBe(4 * 16);
});

test('recurrent layers keep a state and no keys', () => {
  const mamba = read({
    block_count: 2,
    embedding_length: 64,
    'attention.head_count': 0,
    'ssm.inner_size': 128,
    'ssm.state_size': 16,
    'ssm.conv_kernel': 4,
  });
  expect(mamba.keyValueNumbers).toBe(0);
  expect(mamba.stateBytes).toBe(2 * 4 * (3 * 128 + 128 * 16));
  expect(read({ ...SIZES, 'wkv.head_size': 64 }).stateBytes).toBe(4 * 4 * 64 * 66);
});

test('whatever the header says, sizes are finite and not negative', () => {
  const value: fc.Arbitrary<GgufValue> = fc.oneof(
    fc.double(),
    fc.boolean(),
    fc.string(),
    fc.array(fc.double()).map((numbers) => list(...numbers)),
  );
  const key = fc.constantFrom(
    'block_count',
    'embedding_length',
    'attention.head_count',
    'attention.head_count_kv',
    'attention.key_length',
    'ssm.inner_size',
    'wkv.head_size',
    'vocab_size',
  );
  fc.assert(
    fc.property(fc.dictionary(key, value), (metadata) => {
      for (const size of Object.values(read(metadata))) expect(size).toBeGreaterThanOrEqual(0);
    }),
  );
});
