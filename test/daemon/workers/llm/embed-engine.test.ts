import { readFileSync } from 'node:fs';
import {
  getLlama,
  LlamaLogLevel,
  type LlamaEmbeddingContext,
  type LlamaModel,
} from 'node-llama-cpp';
import { beforeAll, describe, expect, test } from 'vitest';
import { createLlmEngine } from '../../../../daemon/workers/llm/engine.ts';
import type { Engine } from '../../../../daemon/workers/engine.ts';
import type { EmbedParams, LlmOps } from '../../../../daemon/workers/llm/ops.ts';
import { recordCall } from '../../../fakes/engine-call.ts';
import { readGguf, writeGguf } from '../../../support/edit-gguf.ts';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';
import { CALLER } from '../../../support/llm-caller.ts';

const MODEL_PATH = unpackEmbeddedModel('glove-sif-96');
const START = {
  modelPath: MODEL_PATH,
  purpose: 'embed',
  contextTokens: 1_000_000,
  sequences: 1,
  threads: 1,
} as const;

let engine: Engine<LlmOps>;
beforeAll(async () => {
  ({ engine } = await createLlmEngine(START));
});

const embed = async (
  texts: readonly string[],
  choices: Partial<EmbedParams> = {},
  call = recordCall<never>(),
) => engine.embed({ caller: CALLER, texts, ...choices }, call);

test('a model that only embeds is not loaded to write', async () => {
  await expect(createLlmEngine({ ...START, purpose: 'generate' })).rejects.toMatchObject({
    reason: 'Unavailable',
  });
});

test('a kitten is nearer to a cat than to interest rates', async () => {
  const { vectors, promptTokens } = await embed([
    'The kitten sleeps on the sofa',
    'a cat is resting',
    'The bank raised interest rates',
  ]);
  const [kitten, cat, rates] = vectors;
  expect(cosine(kitten, cat)).toBeGreaterThan(cosine(kitten, rates) + 0.2);
  expect(promptTokens).toBe(21);
});

test('calls that run at once do not mix their vectors', async () => {
  const texts = ['a cat', 'a bank', 'a tall tree', 'music at night'];
  const alone = await Promise.all(texts.map(async (text) => (await embed([text])).vectors[0]));
  const { vectors } = await embed(texts);
  expect(alone).toEqual(vectors);
});

test('a text without a known word or a character is a vector of zeros', async () => {
  const { vectors } = await embed(['', '\ud800', 'zzqx']);
  expect(vectors.map((vector) => vector.length)).toEqual([128, 128, 128]);
  expect(vectors.every((vector) => vector.every((value) => value === 0))).toBe(true);
});

test('what has no tokens is not counted', async () => {
  expect((await embed(['', '   '])).promptTokens).toBe(0);
});

test('it neither writes, counts nor ranks', () => {
  const refused = expect.objectContaining({ reason: 'Unavailable' }) as Error;
  const call = recordCall<never>();
  const input = { prompt: 'a' };
  expect(() => engine.countTokens({ input }, call)).toThrow(refused);
  expect(() => engine.rank({ caller: CALLER, query: 'a', documents: ['b'] }, call)).toThrow(
    refused,
  );
});

describe('beside the library’s own way', () => {
  let library: LlamaEmbeddingContext;
  let model: LlamaModel;
  beforeAll(async () => {
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      logLevel: LlamaLogLevel.disabled,
      maxThreads: 1,
    });
    model = await llama.loadModel({ modelPath: MODEL_PATH });
    library = await model.createEmbeddingContext({ contextSize: 512, batchSize: 512, threads: 1 });
  });

  test('the same numbers, for texts short, long and strange', async () => {
    const texts = [
      'The kitten sleeps on the sofa',
      'A',
      'the '.repeat(500),
      '[CLS] a mark is text [SEP]',
      'Ünïcödé 猫 🐈 \ud800 end',
      readFileSync(import.meta.filename, 'utf8').slice(0, 400),
    ];
    const { vectors, promptTokens } = await embed(texts);
    let expectedTokens = 0;
    for (const [index, text] of texts.entries()) {
      const { vector } = await library.getEmbeddingFor(text.toWellFormed());
      expectedTokens += library.calculateInputLength(text.toWellFormed());
      const differences = vector.map((value, at) => Math.abs(value - (vectors[index]?.[at] ?? 9)));
      expect(Math.max(...differences)).toBeLessThan(1e-6);
    }
    expect(promptTokens).toBe(expectedTokens);
  });
});

describe('texts longer than the model reads at once', () => {
  test('the longest text that fits is embedded, the next one names its index', async () => {
    const longest = 'the '.repeat(509);
    expect((await embed([longest])).promptTokens).toBe(511);
    await expect(embed(['fine', `${longest}the`])).rejects.toMatchObject({
      reason: 'ContextOverflow',
      details: { index: 1, promptTokens: 512, contextTokens: 512 },
    });
  });

  test('ten megabytes are refused quickly, with words or without', async () => {
    await expect(embed(['cat '.repeat(2_500_000)])).rejects.toMatchObject({
      reason: 'ContextOverflow',
    });
    await expect(embed([' '.repeat(10_000_000)])).rejects.toMatchObject({
      reason: 'PayloadTooLarge',
      details: { index: 0, promptBytes: 10_000_000 },
    });
  });

  test('split, each piece has its own vector, and neighbours share one where there are too many', async () => {
    const texts = ['a dog', 'a cat sleeps '.repeat(400), '', 'a bank '.repeat(20_000)];
    const { vectors, counts, promptTokens } = await embed(texts, { overflow: 'split' });
    expect(counts).toEqual([1, 3, 1, 64]);
    expect(vectors).toHaveLength(69);
    const chunked = await embed(texts, { overflow: 'chunk' });
    expect(promptTokens).toBe(chunked.promptTokens);
    expect(cosine(vectors[2], chunked.vectors[1])).toBeGreaterThan(0.99);
    expect(cosine(vectors[60], (await embed(['a bank'])).vectors[0])).toBeGreaterThan(0.9);
  });

  test('in pieces, each token is read once', async () => {
    const text = 'a cat sleeps '.repeat(400);
    const { vectors, promptTokens } = await embed([text, 'a dog'], { overflow: 'chunk' });
    // 1200 words in three pieces, and a beginning and an end around each; then 2 words.
    expect(promptTokens).toBe(1200 + 3 * 2 + 4);
    expect(length(vectors[0])).toBeCloseTo(1, 6);
    const [one] = (await embed(['a cat sleeps'])).vectors;
    expect(cosine(vectors[0], one)).toBeGreaterThan(0.999);
  });

  test('a long text is the mean of its pieces, by their tokens', async () => {
    const [cats, banks] = ['cat '.repeat(450), 'bank '.repeat(450)];
    const [first, second] = (await embed([cats, banks])).vectors.map(toUnit);
    const mean = first?.map((value, at) => (value + (second?.[at] ?? 0)) / 2) ?? [];
    const [vector] = (await embed([cats + banks], { overflow: 'chunk' })).vectors;
    const expected = toUnit(mean);
    for (const [at, value] of (vector ?? []).entries())
      expect(value).toBeCloseTo(expected[at] ?? 9, 6);
  });

  test('every piece stands behind the prefix', async () => {
    const { promptTokens } = await embed(['cat '.repeat(1000)], {
      overflow: 'chunk',
      prefix: 'passage text: ',
    });
    // 1000 words in two pieces, each with 3 tokens of prefix, a beginning and an end.
    expect(promptTokens).toBe(1000 + 2 * (3 + 2));
  });

  test('a text that fits has the same vector with chunk as without', async () => {
    const texts = ['a cat', 'the '.repeat(509)];
    expect(await embed(texts, { overflow: 'chunk' })).toEqual(await embed(texts));
  });

  test('the order of texts is kept among long and short ones', async () => {
    const texts = ['a cat', 'bank '.repeat(1200), '', 'music', 'tree '.repeat(600)];
    const { vectors } = await embed(texts, { overflow: 'chunk' });
    const alone = await Promise.all(texts.map((text) => embed([text], { overflow: 'chunk' })));
    expect(vectors).toEqual(alone.map((answer) => answer.vectors[0]));
  });

  test('megabytes in pieces leave others their turns, and can be cancelled', async () => {
    const call = recordCall<never>();
    const long = embed(['a cat and a dog '.repeat(250_000)], { overflow: 'chunk' }, call);
    const refused = expect(long).rejects.toMatchObject({ reason: 'Cancelled' });
    const other = { ...CALLER, owner: 'tests/other' };
    await expect(embed(['a bank'], { caller: other })).resolves.toMatchObject({ promptTokens: 4 });
    call.abort();
    await refused;
  });
});

test('a cancelled call stops between texts', async () => {
  const call = recordCall<never>();
  const refused = embed(Array<string>(2000).fill('a cat sleeps'), {}, call);
  setTimeout(() => {
    call.abort();
  }, 5);
  await expect(refused).rejects.toMatchObject({ reason: 'Cancelled' });
});

test('a model of broken weights answers an error, never numbers that are none', async () => {
  const parts = readGguf(MODEL_PATH);
  const modelPath = writeGguf({ ...parts, weights: Buffer.alloc(parts.weights.length, 0xff) });
  const broken = (await createLlmEngine({ ...START, modelPath })).engine;
  const params = { caller: CALLER, texts: ['a cat'] };
  await expect(broken.embed(params, recordCall<never>())).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { rule: 'not_finite' },
  });
});

type Vector = ArrayLike<number> & Iterable<number>;

function length(vector: Vector = []): number {
  return Math.hypot(...vector);
}

function toUnit(vector: Vector): number[] {
  const size = length(vector);
  return Array.from(vector, (value) => value / size);
}

function cosine(a: Vector = [], b: Vector = []): number {
  const dot = Array.from(a).reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  return dot / (length(a) * length(b));
}
