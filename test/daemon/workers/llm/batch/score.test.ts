import {
  getLlama,
  LlamaLogLevel,
  type LlamaContext,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Batch } from '../../../../../daemon/workers/llm/batch/batch.ts';
import { createBatch } from '../../../../../daemon/workers/llm/batch/create-batch.ts';
import { probeInvariance } from '../../../../../daemon/workers/llm/batch/invariance.ts';
import { createNativeContext } from '../../../../../daemon/workers/llm/library/native-context.ts';
import { unpackEmbeddedModel } from '../../../../support/embedded-model.ts';
import { CALLER } from '../../../../support/llm-caller.ts';

const CELLS = 256;

let model: LlamaModel;
let library: LlamaContext;
let batch: Batch;
beforeAll(async () => {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    logLevel: LlamaLogLevel.disabled,
    maxThreads: 1,
  });
  model = await llama.loadModel({ modelPath: unpackEmbeddedModel('stories-260k') });
  library = await model.createContext({ contextSize: CELLS, threads: 1, flashAttention: false });
});

beforeEach(async () => {
  const context = await model.createContext({
    contextSize: CELLS,
    sequences: 4,
    threads: 1,
    batchSize: 64,
    flashAttention: false,
  });
  const limits = { cells: CELLS, maxBatchTokens: 64, canTruncate: true };
  const decodeContext = createNativeContext(context, model, limits);
  const invariance = await probeInvariance(decodeContext, 512);
  batch = createBatch({ context: decodeContext, invariance, minReadTokens: 16 });
});

const tokenize = (text: string): number[] => [1, ...model.tokenize(text)];

const score = (prompt: string, target: string, owner = CALLER.owner) =>
  batch.score({
    caller: { ...CALLER, owner },
    prompt: tokenize(prompt),
    target: model.tokenize(target),
    signal: new AbortController().signal,
  });

/** The same by the library alone, one token at a time. */
async function expectedOf(prompt: string, target: string): Promise<number[]> {
  const sequence = library.getSequence();
  const logProbabilities: number[] = [];
  let input = tokenize(prompt) as Token[];
  for (const token of model.tokenize(target)) {
    const plain = { temperature: 1, topK: 0, topP: 1, minP: 0, yieldEogToken: true };
    const metadata = { probabilities: true } as const;
    for await (const { probabilities } of sequence.evaluateWithMetadata(input, metadata, plain)) {
      logProbabilities.push(Math.log(probabilities.get(token) ?? 0));
      break;
    }
    input = [token];
  }
  await sequence.dispose();
  return logProbabilities;
}

/** The library reads token by token, through other kernels than a piece: the third digit after the point may differ. */
function expectNear(values: readonly number[], expected: readonly number[]): void {
  const differences = values.map((value, at) => Math.abs(value - (expected[at] ?? NaN)));
  expect(values).toHaveLength(expected.length);
  expect(Math.max(...differences)).toBeLessThan(0.005);
}

const CASES = [
  ['Once upon a time', ' there was a little girl named Lily.'],
  ['', 'x'],
  ['The cat', ' zzz 9 ü'],
  ['A long story. '.repeat(12), ' The end of the story is near, and the cat sleeps.'],
] as const;

test.each(CASES)('log-probabilities are those of the library (%#)', async (prompt, target) => {
  const { logProbabilities } = await score(prompt, target);
  expectNear(logProbabilities, await expectedOf(prompt, target));
});

test('a target longer than a piece is scored to its end', async () => {
  const target = ' The cat sat on the mat and looked at the dog.'.repeat(8);
  const { logProbabilities } = await score('Once', target);
  expectNear(logProbabilities, await expectedOf('Once', target));
});

test('what was read before changes nothing but what is read again', async () => {
  const [prompt, target] = ['The girl went to the park with her dog and', ' they played ball.'];
  const first = await score(prompt, target);
  const again = await score(prompt, target);
  const longer = await score(`${prompt} then`, ' they went home.');
  expect(first.cachedTokens).toBe(0);
  // The last tokens of a prompt are always read: what follows them is asked for.
  expect(again.cachedTokens).toBeGreaterThanOrEqual(tokenize(prompt).length - 2);
  expect(longer.cachedTokens).toBeGreaterThan(10);
  expect(again.logProbabilities).toEqual(first.logProbabilities);
  expectNear(longer.logProbabilities, await expectedOf(`${prompt} then`, ' they went home.'));
});

test('eight at once, of three owners on four sequences, are as one alone', async () => {
  const asked = Array.from({ length: 8 }, (_value, at) => {
    const [prompt, target] = CASES[at % CASES.length] ?? ['', 'x'];
    return { prompt: `${prompt} ${String(at)}`, target, owner: `tests/${String(at % 3)}` };
  });
  const expected: number[][] = [];
  for (const { prompt, target } of asked) expected.push(await expectedOf(prompt, target));
  const outcomes = await Promise.all(asked.map((one) => score(one.prompt, one.target, one.owner)));
  for (const [at, { logProbabilities }] of outcomes.entries()) {
    expectNear(logProbabilities, expected[at] ?? []);
  }
});

test('no prompt of another owner is found again', async () => {
  const prompt = 'The girl went to the park with her dog';
  await score(prompt, ' and', 'tests/first');
  expect((await score(prompt, ' and', 'tests/second')).cachedTokens).toBe(0);
});

test('what does not fit is a context overflow, and what is cancelled is Cancelled', async () => {
  await expect(score('story '.repeat(300), ' x')).rejects.toMatchObject({
    reason: 'ContextOverflow',
  });
  const abort = new AbortController();
  const long = batch.score({
    caller: CALLER,
    prompt: tokenize('A long story. '.repeat(12)),
    target: model.tokenize(' the end'),
    signal: abort.signal,
  });
  abort.abort();
  await expect(long).rejects.toMatchObject({ reason: 'Cancelled' });
  await expect(score('Once', ' upon')).resolves.toMatchObject({ cachedTokens: 0 });
});
