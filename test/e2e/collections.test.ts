import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

let daemon: DaemonProcess;
let wire: Wire;
let other: Wire;
let credentials: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  credentials = await installSample(daemon.controlSocket, { name: 'one' });
  const two = await installSample(daemon.controlSocket, { name: 'two' });
  wire = await openWire(daemon.appSocket);
  other = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
  await authenticate(other, two);
});
afterAll(async () => {
  wire.end();
  other.end();
  await daemon[Symbol.asyncDispose]();
});

async function call(
  method: string,
  params: unknown,
  id?: string,
): Promise<Record<string, unknown>> {
  const { result, error } = await wire.call(method, params, id);
  expect(error).toBeUndefined();
  return result ?? {};
}

async function refusal(method: string, params: unknown) {
  return (await wire.call(method, params)).error?.data;
}

function chunksOf(id: string): Record<string, unknown>[] {
  return wire.received
    .filter(({ method, params }) => method === '$/chunk' && params?.['id'] === id)
    .map(({ params }) => params?.['chunk'] as Record<string, unknown>);
}

async function commit(bytes: Buffer): Promise<string> {
  const { blob } = await call('blobs.create', {});
  await call('blobs.append', { blob, offset: 0, data: bytes.toString('base64') });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await call('blobs.commit', { blob, sha256 });
  return blob as string;
}

const texts = [
  'The kitten sleeps on the sofa',
  'A cat is resting in the sun',
  'The bank raised interest rates',
  'Music played at night',
];

describe('a collection', () => {
  const collection = 'notes';

  test('is searched by meaning, by words and by both, with snippets', async () => {
    await call('collections.create', { collection, tokenizer: 'porter', partitionBy: 'kind' });
    const records = texts.map((text, at) => ({
      id: `n${at}`,
      text,
      metadata: { kind: at < 2 ? 'pet' : 'other', tags: ['all', `t${at}`] },
    }));
    expect(await call('collections.upsert', { collection, records })).toEqual({ upserted: 4 });
    const search = { collection, text: 'cats resting', hybrid: true, k: 2, snippets: true };
    const { hits } = await call('collections.search', search);
    const [first] = hits as {
      id: string;
      snippet: { text: string; marks: object[] };
      scores: object;
    }[];
    expect(first).toMatchObject({ id: 'n1', snippet: { text: texts[1] } });
    expect(first?.snippet.marks).toEqual([
      { start: 2, end: 5 },
      { start: 9, end: 16 },
    ]);
    expect(Object.keys(first?.scores ?? {})).toEqual(['meaning', 'words']);
    const filter = { kind: { eq: 'other' }, tags: { in: ['t2', 't3'] } };
    const explained = await call('collections.explain', { ...search, filter });
    expect(explained).toMatchObject({
      filter: { matches: 2, partition: { field: 'kind', values: 1 } },
      meaning: { method: 'exact', vectors: 4 },
      words: { tokenizer: 'porter', terms: 2, found: 0 },
      fusion: { method: 'reciprocal-rank' },
    });
    expect(await call('collections.describe', { collection })).toMatchObject({
      records: 4,
      vectors: 4,
      dimensions: 96,
      partitionBy: 'kind',
      modelDigest: expect.stringMatching(/^sha256:/) as string,
    });
  });

  test('keeps a long text as several vectors', async () => {
    const text = `${'interest rates '.repeat(300)} ${'a kitten and a cat '.repeat(200)}`;
    await call('collections.upsert', { collection, records: [{ id: 'long', text }] });
    const got = await call('collections.get', {
      collection,
      ids: ['long'],
      vectors: true,
      encoding: 'f32',
    });
    const [record] = got['records'] as { vector: object; vectors: object[] }[];
    expect(record?.vectors.length).toBeGreaterThan(2);
    expect(record?.vector).toEqual(record?.vectors[0]);
    await call('collections.delete', { collection, ids: ['long'] });
  });

  test('is exported and imported, with progress', async () => {
    const params = { collection, vectors: true };
    expect(await call('collections.export', params, 'export')).toMatchObject({ records: 4 });
    const file = chunksOf('export')
      .map(({ jsonl }) => jsonl)
      .join('');
    const blob = await commit(Buffer.from(`\ufeff${file.replaceAll('\n', '\r\n').trimEnd()}`));
    await call('collections.create', { collection: 'copy' });
    const imported = await call(
      'collections.import',
      { collection: 'copy', blob, progressToken: 'importing' },
      'import',
    );
    expect(imported).toMatchObject({ imported: 4 });
    expect(chunksOf('import')).toEqual([imported]);
    const progress = wire.received.find(
      ({ method, params }) => method === '$/progress' && params?.['token'] === 'importing',
    );
    expect(progress?.params).toMatchObject({ stage: 'running', unit: 'bytes' });
    const { hits } = await call('collections.search', { collection: 'copy', text: 'cat', k: 1 });
    expect(hits).toMatchObject([{ text: expect.stringContaining('cat') as string }]);
  });

  test('a thousand long texts do not keep another app waiting', async () => {
    await call('collections.create', { collection: 'many' });
    const text = 'a kitten and a cat sleep '.repeat(100);
    const records = Array.from({ length: 1000 }, (_value, at) => ({ id: `m${at}`, text }));
    const upsert = wire.call('collections.upsert', { collection: 'many', records }, 'many');
    await other.call('embed.create', { input: 'bank' });
    expect(wire.received.some(({ id }) => id === 'many')).toBe(false);
    wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'many' } });
    expect((await upsert).error?.data.reason ?? 'done').toMatch(/^(Cancelled|done)$/);
  });
});

describe('bad input', () => {
  const collection = 'bad';
  beforeAll(async () => {
    await call('collections.create', { collection, dimensions: 2 });
  });

  test.each<[string, string, object]>([
    ['a lone surrogate in an id', 'upsert', { records: [{ id: '\ud800' }] }],
    ['a lone surrogate in a text', 'upsert', { records: [{ id: 'a', text: '\udfff' }] }],
    ['an empty id', 'upsert', { records: [{ id: '' }] }],
    ['wrong dimensions', 'upsert', { records: [{ id: 'a', vector: [1, 2, 3] }] }],
    ['numbers too large', 'upsert', { records: [{ id: 'a', vector: [1e300, 1] }] }],
    ['not a number', 'upsert', { records: [{ id: 'a', vector: { f32: 'AADAfwAAgD8=' } }] }],
    ['65 vectors', 'upsert', { records: [{ id: 'a', vectors: Array(65).fill([1, 1]) }] }],
    ['no vectors', 'upsert', { records: [{ id: 'a', vectors: [] }] }],
    ['a text over the limit', 'upsert', { records: [{ id: 'a', text: 'x'.repeat(1_000_001) }] }],
    ['k of a billion', 'search', { vector: [1, 1], k: 1e9 }],
    [
      'weights of nothing',
      'search',
      { vector: [1, 1], query: 'a', weights: { meaning: 0, words: 0 } },
    ],
    ['a negative weight', 'search', { vector: [1, 1], query: 'a', weights: { words: -1 } }],
    ['an unknown tokenizer', 'create', { tokenizer: 'simple' }],
    ['a partition of no name', 'create', { partitionBy: '' }],
  ])('%s is refused', async (_name, verb, params) => {
    const data = await refusal(`collections.${verb}`, { collection, ...params });
    expect(data?.reason).toBe('InvalidParams');
  });

  test('a key __proto__ in metadata is refused', async () => {
    wire.sendRaw(
      `{"jsonrpc":"2.0","id":"proto","method":"collections.upsert","params":{"collection":"bad","records":[{"id":"p","metadata":{"__proto__":{"a":1}}}]}}\n`,
    );
    const { error } = await wire.next(({ id }) => id === 'proto');
    expect(error?.data.reason).toBe('InvalidParams');
  });

  test('of several records with one id the last counts; NUL and empty texts are as any other', async () => {
    const records = [
      { id: 'd\0', text: 'first', vector: [1, 0] },
      { id: 'd\0', text: 'second\0', vector: [0, 1] },
      { id: 'd', text: '' },
    ];
    await call('collections.upsert', { collection, records });
    const got = await call('collections.get', { collection, ids: ['d\0', 'd'] });
    expect(got['records']).toEqual([{ id: 'd\0', text: 'second\0' }, { id: 'd' }]);
    const { hits } = await call('collections.search', { collection, query: 'first second', k: 5 });
    expect(hits).toMatchObject([{ id: 'd\0' }]);
  });

  test('a text of a megabyte is stored, found and given back', async () => {
    const text = `${'many words '.repeat(90_000)}needle`;
    await call('collections.upsert', {
      collection,
      records: [{ id: 'big', text, vector: [1, 1] }],
    });
    const { hits } = await call('collections.search', {
      collection,
      query: 'needle',
      snippets: true,
    });
    expect(hits).toMatchObject([{ id: 'big', text }]);
  });
});

test('with the model it has, nothing is embedded anew', async () => {
  const before = await call('collections.describe', { collection: 'notes' });
  const result = await call('collections.reembed', { collection: 'notes' });
  expect(result).toMatchObject({ reembedded: 0, modelDigest: before['modelDigest'] });
  expect(await call('collections.describe', { collection: 'notes' })).toEqual(before);
});
