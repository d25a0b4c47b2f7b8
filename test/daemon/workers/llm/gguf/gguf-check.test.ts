import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { createLlmEngine } from '../../../../../daemon/workers/llm/engine.ts';
import { checkGguf } from '../../../../../daemon/workers/llm/gguf/gguf-check.ts';
import type { GgufParts } from '../../../../support/edit-gguf.ts';
import { readGguf, writeGguf, writeModel } from '../../../../support/edit-gguf.ts';
import { ggufU32 } from '../../../../support/gguf-values.ts';
import { unpackEmbeddedModel } from '../../../../support/embedded-model.ts';

const RMS_EPSILON = 'llama.attention.layer_norm_rms_epsilon';
const FEED_FORWARD = 'llama.feed_forward_length';
let stories = '';
beforeAll(() => {
  stories = unpackEmbeddedModel('stories-260k');
});

const edit = (change: (parts: GgufParts) => void) => {
  const parts = readGguf(stories);
  change(parts);
  return writeGguf(parts);
};
const set = (key: string, value: number) =>
  edit(({ metadata }) => metadata.set(key, ggufU32(value)));

test('the embedded models are sound and say what they are', () => {
  expect(checkGguf(stories)).toMatchObject({
    architecture: 'llama',
    contextTokens: 2048,
    isCausal: true,
    isRecurrent: false,
    vocabularySize: 512,
  });
  expect(checkGguf(unpackEmbeddedModel('glove-sif-96'))).toMatchObject({
    architecture: 'bert',
    contextTokens: 512,
    isCausal: false,
    isRecurrent: false,
    vocabularySize: expect.any(Number) as number,
  });
  expect(checkGguf(edit(() => undefined))).toMatchObject({ architecture: 'llama' });
});

const MUTANTS: Readonly<Record<string, readonly [rule: string, make: () => string]>> = {
  'an absent file': ['model_file_missing', () => `${stories}.absent`],
  'an empty file': ['gguf_magic', () => writeModel(Buffer.alloc(0))],
  'a web page': ['gguf_magic', () => writeModel(Buffer.from('<!doctype html>'.repeat(20)))],
  'a header alone': ['gguf_truncated', () => writeModel(readFileSync(stories).subarray(0, 64))],
  'half a file': ['gguf_truncated', () => writeModel(readFileSync(stories).subarray(0, 600_000))],
  'a file one byte short': [
    'gguf_truncated',
    () => writeModel(readFileSync(stories).subarray(0, -1)),
  ],
  'version 1': ['gguf_version', () => edit((parts) => (parts.version = 1))],
  'no tensors': ['gguf_count', () => edit((parts) => (parts.tensorCount = 0))],
  'a trillion tensors': ['gguf_count', () => edit((parts) => (parts.tensorCount = 1e12))],
  'no head': ['gguf_head_count', () => set('llama.attention.head_count', 0)],
  'no key head': ['gguf_head_count', () => set('llama.attention.head_count_kv', 0)],
  'no width': ['gguf_embedding_length', () => set('llama.embedding_length', 0)],
  'no context': ['gguf_context_length', () => set('llama.context_length', 0)],
  'no feed-forward width': ['gguf_feed_forward_length', () => set(FEED_FORWARD, 0)],
  'a feed-forward width left out': [
    'gguf_feed_forward_length',
    () => edit(({ metadata }) => metadata.delete(FEED_FORWARD)),
  ],
  "a width that is not the tensors'": [
    'gguf_embedding_length',
    () => set('llama.embedding_length', 32),
  ],
  "a feed-forward width that is not the tensors'": [
    'gguf_feed_forward_length',
    () => set(FEED_FORWARD, 3),
  ],
  'a pooling nobody knows': ['gguf_pooling_type', () => set('llama.pooling_type', 9)],
  'a billion layers': ['gguf_block_count', () => set('llama.block_count', 1e9)],
  'an end token outside the vocabulary': [
    'gguf_vocabulary',
    () => set('tokenizer.ggml.eos_token_id', 512),
  ],
  'an alignment of zero': ['gguf_alignment', () => set('general.alignment', 0)],
  'no architecture': [
    'gguf_architecture',
    () => edit(({ metadata }) => metadata.delete('general.architecture')),
  ],
  'no vocabulary': [
    'gguf_vocabulary',
    () => edit(({ metadata }) => metadata.delete('tokenizer.ggml.tokens')),
  ],
};

test.each(Object.entries(MUTANTS))('%s is refused with its reason', (_name, [rule, make]) => {
  expect(() => checkGguf(make())).toThrow(
    expect.objectContaining({ reason: 'Unavailable', details: { rule } }),
  );
});

test('a file that passes but that the engine refuses is unavailable too', async () => {
  const modelPath = edit(({ metadata }) => metadata.delete(RMS_EPSILON));
  const start = { modelPath, purpose: 'generate', contextTokens: 64, sequences: 1, threads: 1 };
  await expect(createLlmEngine({ ...start, purpose: 'generate' })).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { rule: 'model_refused' },
  });
});

test('a refusal never says where the file is', () => {
  try {
    checkGguf('/home/someone/secret.gguf');
  } catch (error) {
    expect(JSON.stringify(error) + String(error)).not.toMatch(/secret|someone/);
  }
  expect.assertions(1);
});
