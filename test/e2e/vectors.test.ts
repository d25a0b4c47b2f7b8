import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type Wire } from '../support/raw-client.ts';

let daemon: DaemonProcess;
let wire: Wire;
let other: Wire;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  const one = await installSample(daemon.controlSocket, { name: 'one' });
  const two = await installSample(daemon.controlSocket, { name: 'two' });
  wire = await openWire(daemon.appSocket);
  other = await openWire(daemon.appSocket);
  await authenticate(wire, one);
  await authenticate(other, two);
});
afterAll(async () => {
  wire.end();
  other.end();
  await daemon[Symbol.asyncDispose]();
});

async function call(method: string, params: unknown): Promise<Record<string, unknown>> {
  const { result, error } = await wire.call(method, params);
  expect(error).toBeUndefined();
  return result ?? {};
}

describe('embed.create', () => {
  test('a long text is refused with the counts, or embedded in pieces when asked', async () => {
    const input = ['cat', 'dog '.repeat(1000)];
    const { error } = await wire.call('embed.create', { input });
    expect(error?.data).toMatchObject({
      reason: 'ContextOverflow',
      details: { index: 1, promptTokens: 1002, contextTokens: 512 },
    });
    const { embeddings, usage } = await call('embed.create', { input, overflow: 'chunk' });
    const [cat, dogs] = embeddings as number[][];
    expect(Math.hypot(...(dogs ?? []))).toBeCloseTo(1, 5);
    expect(dot(cat, dogs)).toBeGreaterThan(0.4);
    expect(usage).toEqual({ promptTokens: 3 + 1000 + 2 * 2 });
  });

  test('2048 texts come back in order, as f32', async () => {
    const words = ['cat', 'bank', 'tree', 'music', 'water'];
    const input = Array.from({ length: 2048 }, (_value, at) => words[at % words.length]);
    const { embeddings } = await call('embed.create', { input, encoding: 'f32' });
    const each = await call('embed.create', { input: words, encoding: 'f32' });
    expect(embeddings).toEqual(
      input.map((_word, at) => (each['embeddings'] as unknown[])[at % words.length]),
    );
  });

  test('one text of an app is not kept waiting by the 2048 of another', async () => {
    const input = Array.from({ length: 2048 }, () => 'kitten and cat '.repeat(100));
    const long = other.call('embed.create', { input, encoding: 'f32' }, 'long');
    await call('embed.create', { input: 'bank' });
    expect(other.received.some(({ id }) => id === 'long')).toBe(false);
    other.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'long' } });
    expect((await long).error?.data.reason).toBe('Cancelled');
  });

  test.each([
    ['an empty text', { input: '' }, 'InvalidParams'],
    ['an empty text among others', { input: ['cat', ''] }, 'InvalidParams'],
    ['no text', { input: [] }, 'InvalidParams'],
    ['too many texts', { input: Array(2049).fill('a') }, 'InvalidParams'],
    ['a number', { input: 1 }, 'InvalidParams'],
    ['more dimensions than there are', { input: 'a', dimensions: 8000 }, 'InvalidParams'],
    ['dimensions of none', { input: 'a', dimensions: 0 }, 'InvalidParams'],
    ['another way out', { input: 'a', overflow: 'cut' }, 'InvalidParams'],
  ])('%s is refused', async (_name, params, reason) => {
    expect((await wire.call('embed.create', params)).error?.data.reason).toBe(reason);
  });

  test('half a character is a text as any other', async () => {
    const { embeddings } = await call('embed.create', { input: ['\ud800', 'cat \udfff'] });
    for (const vector of embeddings as number[][]) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  });
});

describe('llm.rerank', () => {
  const query = 'Where did the bird sing?';
  const documents = [
    'Lily had a red ball.',
    'The bird sat in the tree. The bird did sing a happy song every day.',
    'The boy went to the store with his dad.',
  ];

  test('the fitting document is the first', async () => {
    const { results, usage } = await call('llm.rerank', { query, documents });
    const ranked = results as { index: number; score: number }[];
    expect(ranked.map(({ index }) => index).toSorted()).toEqual([0, 1, 2]);
    expect(ranked[0]?.index).toBe(1);
    const scores = ranked.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((one, next) => next - one));
    expect(usage).toEqual({
      promptTokens: expect.any(Number) as number,
      cachedTokens: expect.any(Number) as number,
    });
  });

  test('topN keeps the best, with the same scores every time', async () => {
    const [best, again] = [
      await call('llm.rerank', { query, documents, topN: 1 }),
      await call('llm.rerank', { query, documents, topN: 1 }),
    ];
    expect(best['results']).toHaveLength(1);
    expect(again['results']).toEqual(best['results']);
  });

  test('progress counts documents, and a cancel stops them', async () => {
    const many = Array.from({ length: 1024 }, (_value, at) => `Bird number ${String(at)} sings.`);
    const params = { query, documents: many, progressToken: 'ranking' };
    const ranking = wire.call('llm.rerank', params, 'ranking');
    await wire.next(
      (message) =>
        message.method === '$/progress' && Number(message.params?.['completed'] ?? 0) > 0,
    );
    wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'ranking' } });
    expect((await ranking).error?.data.reason).toBe('Cancelled');
  });

  test.each([
    ['no document', { query, documents: [] }, 'InvalidParams'],
    ['too many documents', { query, documents: Array(1025).fill('a') }, 'InvalidParams'],
    ['an empty query', { query: '', documents }, 'InvalidParams'],
    ['topN of none', { query, documents, topN: 0 }, 'InvalidParams'],
    [
      'a query longer than the context',
      { query: 'Why? '.repeat(3000), documents },
      'ContextOverflow',
    ],
    ['a model that embeds', { query, documents, model: 'glove-sif-96' }, 'InvalidParams'],
  ])('%s is refused', async (_name, params, reason) => {
    expect((await wire.call('llm.rerank', params)).error?.data.reason).toBe(reason);
  });
});

function dot(one: readonly number[] = [], other: readonly number[] = []): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}
