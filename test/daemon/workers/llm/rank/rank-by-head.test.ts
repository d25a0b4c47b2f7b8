import { getLlama, LlamaLogLevel, type LlamaRankingContext } from 'node-llama-cpp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../../../../daemon/workers/engine.ts';
import { createLlmEngine } from '../../../../../daemon/workers/llm/engine.ts';
import type { LlmOps } from '../../../../../daemon/workers/llm/ops.ts';
import {
  fillLayout,
  layoutOfMarks,
  layoutOfTemplate,
} from '../../../../../daemon/workers/llm/rank/rank-by-head.ts';
import { recordCall } from '../../../../fakes/engine-call.ts';
import { CALLER } from '../../../../support/llm-caller.ts';
import { writeRandomRanker } from '../../../../support/random-ranker.ts';

describe('what a model with a ranking head reads', () => {
  const fill = (marks: Parameters<typeof layoutOfMarks>[0]) =>
    fillLayout(layoutOfMarks(marks), [10, 11], [20, 21]);

  test('BERT: [CLS] query [SEP] document [SEP]', () => {
    const marks = { beginning: 1, end: null, separator: 2 };
    expect(fill(marks)).toEqual([1, 10, 11, 2, 20, 21, 2]);
  });

  test('RoBERTa: <s> query </s></s> document </s>', () => {
    const marks = { beginning: 1, end: 2, separator: 2 };
    expect(fill(marks)).toEqual([1, 10, 11, 2, 2, 20, 21, 2]);
  });

  test('a template of the model’s own, in its own order', () => {
    const layout = layoutOfTemplate('D: {document} Q: {query}!', (text) => [text.length]);
    expect(layout).toEqual([[3], 'document', [4], 'query', [1]]);
    expect(fillLayout(layout ?? [], [10], [20, 21])).toEqual([3, 20, 21, 4, 10, 1]);
  });

  test('a template without a place for the document is none', () => {
    expect(layoutOfTemplate('Q: {query}', () => [1])).toBeUndefined();
  });
});

describe('a model with a ranking head', () => {
  const modelPath = writeRandomRanker();
  const start = { modelPath, contextTokens: 512, sequences: 4, threads: 1 };
  let engine: Engine<LlmOps>;
  beforeAll(async () => {
    ({ engine } = await createLlmEngine({ ...start, purpose: 'generate' }));
  });
  const rank = async (query: string, documents: readonly string[], call = recordCall<never>()) =>
    engine.rank({ caller: CALLER, query, documents }, call);

  test('scores as the library does, which leaves out the last mark', async () => {
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      logLevel: LlamaLogLevel.disabled,
      maxThreads: 1,
    });
    const model = await llama.loadModel({ modelPath });
    const context: LlamaRankingContext = await model.createRankingContext({
      contextSize: 64,
      batchSize: 64,
      threads: 1,
    });
    // The mark as a word of the document: the library takes tokens for what they are.
    const marks = model.tokens.sep === null ? [] : [model.tokens.sep];
    const documents = ['tree music', 'dog', 'bank water night'];
    const expected: number[] = [];
    for (const document of documents) {
      expected.push(await context.rank('cat ball', [...model.tokenize(document), ...marks]));
    }
    const { scores, promptTokens, cachedTokens } = await rank('cat ball', documents);
    expect(scores).toHaveLength(3);
    for (const [at, score] of scores.entries()) expect(score).toBeCloseTo(expected[at] ?? 9, 6);
    expect(new Set(scores).size).toBe(3);
    // Three marks and two words of query with each.
    expect({ promptTokens, cachedTokens }).toEqual({ promptTokens: 3 * 5 + 6, cachedTokens: 0 });
  });

  test('a document too long is cut at its end', async () => {
    const long = 'tree '.repeat(58);
    const { scores, promptTokens } = await rank('cat ball', [long, `${long}music dog`]);
    expect(scores[0]).toBe(scores[1]);
    expect(promptTokens).toBe(2 * 63);
  });

  test('a query that leaves no room to a document is a context overflow', async () => {
    await expect(rank('cat '.repeat(60), ['dog'])).rejects.toMatchObject({
      reason: 'ContextOverflow',
      details: { promptTokens: 64, contextTokens: 64 },
    });
  });

  test('a query without a word is refused', async () => {
    await expect(rank('  ', ['dog'])).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule: 'empty_query' },
    });
  });

  test('it neither embeds nor writes', async () => {
    const refused = expect.objectContaining({ reason: 'Unavailable' }) as Error;
    const call = recordCall<never>();
    expect(() => engine.embed({ caller: CALLER, texts: ['cat'] }, call)).toThrow(refused);
    await expect(createLlmEngine({ ...start, purpose: 'embed' })).rejects.toThrow(refused);
  });
});
