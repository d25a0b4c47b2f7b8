import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type Wire, type WireMessage } from '../support/raw-client.ts';
import { readFilesUnder } from '../support/written-files.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const CANARY = 'Canary sentence about a lighthouse keeper';

let daemon: DaemonProcess;
let wire: Wire;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  const credentials = await installSample(daemon.controlSocket);
  wire = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
});
afterAll(async () => {
  wire.end();
  await daemon[Symbol.asyncDispose]();
});

async function call<R>(method: string, params: unknown): Promise<R> {
  const answer = await wire.call(method, params);
  expect(answer.error).toBeUndefined();
  return answer.result as R;
}
function chunksOf(id: string | number): WireMessage[] {
  return wire.received.filter((m) => m.method === '$/chunk' && m.params?.['id'] === id);
}

describe('the four jobs through the raw wire', () => {
  test('llm.chat streams gap-free chunks that add up to the answer', async () => {
    const params = {
      messages: [{ role: 'user', content: 'Once upon a time' }],
      maxTokens: 50,
      seed: 3,
      progressToken: 'p',
    };
    const answer = await wire.call('llm.chat', params, 'chat');
    const result = answer.result as {
      content: string;
      finishReason: string;
      usage: Record<string, number>;
      timings: Record<string, number>;
    };
    const chunks = chunksOf('chat').map(
      (m) => m.params as { sequence: number; chunk: { delta: string } },
    );
    expect(chunks.map(({ sequence }) => sequence)).toEqual(chunks.map((_, index) => index));
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.map(({ chunk }) => chunk.delta).join('')).toBe(result.content);
    expect(result.finishReason).toBe('length');
    expect(result.usage['completionTokens']).toBe(50);
    expect(result.content).toMatch(/[a-z]{3,} [a-z]{2,}/);
    const stages = wire.received
      .filter((m) => m.method === '$/progress')
      .map((m) => m.params?.['stage']);
    expect(stages.length).toBeGreaterThan(0);
    const order = ['queued', 'downloading', 'verifying', 'loading', 'prefill', 'running'];
    expect(stages).toEqual(
      stages.toSorted((a, b) => order.indexOf(a as string) - order.indexOf(b as string)),
    );
  });

  test('llm.complete and llm.countTokens', async () => {
    const done = await call<{ content: string }>('llm.complete', {
      prompt: 'The little dog',
      maxTokens: 10,
      temperature: 0,
    });
    expect(done.content.length).toBeGreaterThan(0);
    const { tokens } = await call<{ tokens: number }>('llm.countTokens', {
      prompt: 'Once upon a time',
    });
    expect(tokens).toBeGreaterThan(3);
  });

  test('embed.create: kitten is nearer to cat than to interest rates', async () => {
    const { embeddings, dimensions } = await call<{ embeddings: number[][]; dimensions: number }>(
      'embed.create',
      { input: ['a kitten sleeps', 'the cat naps', 'interest rates rose'] },
    );
    const dot = (a: number[] = [], b: number[] = []) =>
      a.reduce((s, v, i) => s + v * (b[i] ?? 0), 0);
    expect(dimensions).toBe(96);
    expect(dot(embeddings[0], embeddings[0])).toBeCloseTo(1, 3);
    expect(dot(embeddings[0], embeddings[1])).toBeGreaterThan(dot(embeddings[0], embeddings[2]));
  });

  test('transcribe.run from a blob, streaming segments', async () => {
    const audio = readFileSync(join(FIXTURES, 'audio/multi.wav'));
    const { blob } = await call<{ blob: string }>('blobs.create', {});
    const half = Math.floor(audio.length / 2);
    await call('blobs.append', {
      blob,
      offset: 0,
      data: audio.subarray(0, half).toString('base64'),
    });
    const early = await wire.call('transcribe.run', { audio: { blob } });
    expect(early.error?.data.reason).toBe('Conflict');
    const wrong = await wire.call('blobs.append', { blob, offset: 1, data: 'AAAA' });
    expect(wrong.error?.data.reason).toBe('Conflict');
    await call('blobs.append', {
      blob,
      offset: half,
      data: audio.subarray(half).toString('base64'),
    });
    const sha256 = createHash('sha256').update(audio).digest('hex');
    expect(await call('blobs.commit', { blob, sha256 })).toEqual({ blob, bytes: audio.length });
    const answer = await wire.call('transcribe.run', { audio: { blob } }, 'tr');
    const result = answer.result as { text: string; segments: { text: string }[] };
    expect(result.segments).toHaveLength(3);
    expect(chunksOf('tr')).toHaveLength(3);
    const read = await call<{ data: string; eof: boolean }>('blobs.read', {
      blob,
      offset: 0,
      length: 44,
    });
    expect(Buffer.from(read.data, 'base64')).toEqual(audio.subarray(0, 44));
    await call('blobs.delete', { blob });
    expect((await wire.call('blobs.delete', { blob })).error?.data.reason).toBe('NotFound');
  });

  test('ocr.recognize reads the page', async () => {
    const image = readFileSync(join(FIXTURES, 'images/p150.png')).toString('base64');
    const { text, pages } = await call<{ text: string; pages: { regions: unknown[] }[] }>(
      'ocr.recognize',
      { image: { data: image } },
    );
    const expected = readFileSync(join(FIXTURES, 'images/doc.txt'), 'utf8');
    expect(text.replaceAll(/\s+/g, ' ').trim()).toBe(expected.replaceAll(/\s+/g, ' ').trim());
    expect(pages[0]?.regions.length).toBeGreaterThan(10);
  });

  test('models.list shows the pinned models, models.ensure makes one ready', async () => {
    const { models } = await call<{ models: { id: string; state: string }[] }>('models.list', {});
    expect(models.map(({ id }) => id).toSorted()).toEqual([
      'glove-sif-96',
      'micro-whisper-en',
      'stories-260k',
      'tesseract-eng',
    ]);
    const { model } = await call<{ model: { state: string } }>('models.ensure', {
      model: 'stories-260k',
    });
    expect(['installed', 'loaded']).toContain(model.state);
    expect((await wire.call('models.ensure', { model: 'silero-vad' })).error?.data.reason).toBe(
      'NotFound',
    );
  });
});

describe('bad media', () => {
  test.each([
    [
      'transcribe.run',
      { audio: { data: Buffer.from('RIFF....WAVEfmt broken').toString('base64') } },
    ],
    ['transcribe.run', { audio: { data: Buffer.alloc(5000, 7).toString('base64') } }],
    ['ocr.recognize', { image: { data: Buffer.from('not an image at all').toString('base64') } }],
    ['ocr.recognize', { image: { data: '' } }],
  ])('%s of corrupt bytes is UnsupportedMedia', async (method, params) => {
    const { error } = await wire.call(method, params);
    expect(error?.data.reason).toBe('UnsupportedMedia');
  });

  test('a picture that unpacks to gigabytes is refused by its header', async () => {
    const image = readFileSync(join(FIXTURES, 'images/bomb12k_rgb.png')).toString('base64');
    const { error } = await wire.call('ocr.recognize', { image: { data: image } });
    expect(error?.data.reason).toBe('PayloadTooLarge');
  });
});

describe('the store', () => {
  test('rows and records come back, and nothing of them is on the disk in the clear', async () => {
    await call('db.exec', { sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)' });
    await call('db.exec', { sql: 'INSERT INTO notes (body) VALUES (?)', params: [CANARY] });
    const { rows } = await call<{ rows: { body: string }[] }>('db.query', {
      sql: 'SELECT body FROM notes',
    });
    expect(rows).toEqual([{ body: CANARY }]);
    await call('collections.create', { collection: 'docs' });
    await call('collections.upsert', {
      collection: 'docs',
      records: [
        { id: 'a', text: `${CANARY} and his cat`, metadata: { kind: 'story' } },
        { id: 'b', text: 'Interest rates and taxes', metadata: { kind: 'money' } },
      ],
    });
    const meaning = await call<{ hits: { id: string }[] }>('collections.search', {
      collection: 'docs',
      text: 'a kitten',
      k: 1,
    });
    expect(meaning.hits[0]?.id).toBe('a');
    const words = await call<{ hits: { id: string }[] }>('collections.search', {
      collection: 'docs',
      query: 'taxes',
      k: 1,
    });
    expect(words.hits[0]?.id).toBe('b');
    const filtered = await call<{ hits: { id: string }[] }>('collections.search', {
      collection: 'docs',
      text: 'a kitten',
      filter: { kind: { eq: 'money' } },
    });
    expect(filtered.hits.map(({ id }) => id)).toEqual(['b']);
    expect(plaintextFiles(daemon.home)).toEqual([]);
  });

  test.each([
    "ATTACH DATABASE '/tmp/x' AS x",
    'DETACH x',
    'VACUUM',
    'PRAGMA key',
    "/* */ ATTACH '/tmp/x' AS y",
  ])('%s is sql_forbidden', async (sql) => {
    for (const method of ['db.exec', 'db.query']) {
      const { error } = await wire.call(method, { sql });
      expect(error?.data).toMatchObject({
        reason: 'InvalidParams',
        details: { rule: 'sql_forbidden' },
      });
    }
  });

  test('bad SQL is sql_syntax and a broken constraint is Conflict', async () => {
    const bad = await wire.call('db.exec', { sql: 'INSERT INTO' });
    expect(bad.error?.data.details).toMatchObject({ rule: 'sql_syntax' });
    await call('db.exec', { sql: 'CREATE TABLE u (x TEXT UNIQUE)' });
    await call('db.exec', { sql: "INSERT INTO u VALUES ('a')" });
    const twice = await wire.call('db.exec', { sql: "INSERT INTO u VALUES ('a')" });
    expect(twice.error?.data.reason).toBe('Conflict');
  });

  test('a query that never ends is Timeout and the store works afterwards', async () => {
    const sql =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n';
    const { error } = await wire.call('db.query', { sql });
    expect(error?.data.reason).toBe('Timeout');
    const { rows } = await call<{ rows: unknown[] }>('db.query', {
      sql: 'SELECT count(*) AS n FROM notes',
    });
    expect(rows).toEqual([{ n: 1 }]);
  });
});

test('no log line holds what apps sent or got', () => {
  const log = readFileSync(daemon.logFile, 'utf8');
  for (const content of ['Once upon', 'kitten', 'lighthouse', 'Quarterly', 'taxes']) {
    expect(log).not.toContain(content);
  }
});

function plaintextFiles(folder: string): string[] {
  return readFilesUnder(folder)
    .filter(({ bytes }) => bytes.includes(CANARY))
    .map(({ path }) => path);
}
