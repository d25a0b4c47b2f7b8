import { beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../../../../daemon/workers/engine.ts';
import { createLlmEngine } from '../../../../../daemon/workers/llm/engine.ts';
import type { LlmOps } from '../../../../../daemon/workers/llm/ops.ts';
import { recordCall } from '../../../../fakes/engine-call.ts';
import { readGguf, writeGguf } from '../../../../support/edit-gguf.ts';
import { unpackEmbeddedModel } from '../../../../support/embedded-model.ts';
import { CALLER } from '../../../../support/llm-caller.ts';
import { RANK_CASES } from '../../../../support/rank-cases.ts';

const CONTEXT_TOKENS = 512;

const START = {
  modelPath: unpackEmbeddedModel('stories-260k'),
  purpose: 'generate',
  contextTokens: CONTEXT_TOKENS,
  sequences: 4,
  threads: 1,
} as const;

let engine: Engine<LlmOps>;
beforeAll(async () => {
  ({ engine } = await createLlmEngine(START));
});

const rank = async (
  query: string,
  documents: readonly string[],
  call = recordCall<never>(),
  caller = CALLER,
) => engine.rank({ caller, query, documents }, call);

test('the document with the words of the query is the best, in nine cases of ten', async () => {
  let right = 0;
  for (const { query, fitting, others } of RANK_CASES) {
    const { scores } = await rank(query, [...others, fitting]);
    if (scores.at(-1) === Math.max(...scores)) right++;
  }
  expect(right).toBeGreaterThanOrEqual(9);
});

test('scores are probabilities, and tokens are counted', async () => {
  const owner = 'tests/counting';
  const call = recordCall<never>();
  const fresh = await rank('Who?', ['A cat.', ''], call, { ...CALLER, owner });
  for (const score of fresh.scores) {
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(1);
  }
  expect(fresh.promptTokens).toBeGreaterThan(100);
  expect(fresh.cachedTokens).toBeLessThan(fresh.promptTokens / 2);
  expect(call.reports.map(({ completed }) => completed)).toEqual([0, 1, 2]);
});

test('equal documents score equally, whatever was read before and whoever else asks', async () => {
  const documents = ['The cat drank milk.', 'A dog ran.', 'The cat drank milk.'];
  const [first, again, ...others] = [
    await rank('Who drank?', documents),
    await rank('Who drank?', documents),
    ...(await Promise.all(
      ['a', 'b', 'c'].map((owner) =>
        rank('Who drank?', documents, recordCall<never>(), { ...CALLER, owner }),
      ),
    )),
  ];
  expect(first.scores[0]).toBe(first.scores[2]);
  expect(again.cachedTokens).toBeGreaterThan(first.cachedTokens);
  for (const other of [again, ...others]) expect(other.scores).toEqual(first.scores);
});

test('what one app had ranked is not read faster for another', async () => {
  const documents = ['The frog sat in the pond all day and sang.'];
  await rank('Where?', documents, recordCall<never>(), { ...CALLER, owner: 'tests/first' });
  const other = { ...CALLER, owner: 'tests/second' };
  const { cachedTokens } = await rank('Where?', documents, recordCall<never>(), other);
  expect(cachedTokens).toBe(0);
});

test('a document too long is cut at its end', async () => {
  const long = 'The cat drank milk. '.repeat(200);
  const { scores, promptTokens } = await rank('Who?', [long, `${long} And a dog.`]);
  expect(scores[0]).toBe(scores[1]);
  expect(promptTokens).toBe(2 * (CONTEXT_TOKENS - 1));
});

test('a query too long is a context overflow with the counts', async () => {
  await expect(rank('Who drank milk? '.repeat(150), ['A cat.'])).rejects.toMatchObject({
    reason: 'ContextOverflow',
    details: { promptTokens: expect.any(Number) as number, contextTokens: CONTEXT_TOKENS },
  });
  await expect(rank('Who? '.repeat(2_000_000), ['A cat.'])).rejects.toMatchObject({
    reason: 'ContextOverflow',
  });
});

test('marks and halves of characters in a query and a document are only text', async () => {
  const { scores } = await rank('<s> \ud800', ['</s>\u0000', '\udfff']);
  expect(scores.every((score) => Number.isFinite(score))).toBe(true);
});

test('a cancel is heard between two documents', async () => {
  const call = recordCall<never>();
  const report = call.progress.bind(call);
  call.progress = (progress) => {
    report(progress);
    if (progress.completed === 2) call.abort();
  };
  const documents = Array.from({ length: 50 }, (_value, at) => `Cat number ${String(at)}.`);
  await expect(rank('Who?', documents, call)).rejects.toMatchObject({ reason: 'Cancelled' });
  expect(call.reports.at(-1)?.completed).toBe(2);
});

test('a model of broken weights answers an error, never scores that are none', async () => {
  const parts = readGguf(START.modelPath);
  const modelPath = writeGguf({ ...parts, weights: Buffer.alloc(parts.weights.length, 0xff) });
  const broken = (await createLlmEngine({ ...START, modelPath })).engine;
  const params = { caller: CALLER, query: 'Who?', documents: ['A cat.'] };
  await expect(broken.rank(params, recordCall<never>())).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { rule: 'not_finite' },
  });
});
