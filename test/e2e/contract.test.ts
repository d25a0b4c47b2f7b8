import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import {
  authenticate,
  openWire,
  type RawCredentials,
  type Wire,
  type WireMessage,
} from '../support/raw-client.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const MIB = 1024 * 1024;

let daemon: DaemonProcess;
let control: Wire;
let wire: Wire;
let cautious: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  const notes = await installSample(daemon.controlSocket);
  cautious = await installSample(daemon.controlSocket, {
    name: 'cautious',
    capabilities: { fs: { 'app-data': false }, optional: ['llm:generate', 'ocr:run'] },
    modalities: ['text-to-text', 'text-to-speech'],
    storage: {},
  });
  // Opened before this process holds a session: afterwards it is an app and is refused.
  control = await openControlWire(daemon.controlSocket);
  wire = await openWire(daemon.appSocket);
  await authenticate(wire, notes);
});
afterAll(async () => {
  control.end();
  wire.end();
  await daemon[Symbol.asyncDispose]();
});

async function call(method: string, params?: unknown): Promise<Record<string, unknown>> {
  const { result, error } = await wire.call(method, params);
  expect(error).toBeUndefined();
  return result ?? {};
}

async function refusal(method: string, params?: unknown): Promise<WireMessage['error']> {
  return (await wire.call(method, params)).error;
}

function fieldsOf(value: unknown): string[] {
  return Object.keys(value as object).toSorted();
}

function fixture(path: string): string {
  return readFileSync(join(FIXTURES, path)).toString('base64');
}

describe('a session learns about itself', () => {
  test('daemon.status has version, uptime, its own queue and quota use', async () => {
    expect(await call('daemon.status')).toEqual({
      version: expect.any(String) as string,
      uptimeMs: expect.any(Number) as number,
      calls: { running: 1, queued: 0, limit: 128 },
      connections: { open: 1, limit: 64 },
      quotas: {
        blobBytes: { limit: 1024 * MIB, used: expect.any(Number) as number },
        storeBytes: { limit: 1024 * MIB, used: expect.any(Number) as number },
        concurrentCalls: { limit: 128, used: 0 },
        tokensPerMinute: { limit: 10_000_000, used: 0 },
        tokensPerDay: { limit: 1_000_000_000, used: 0 },
      },
      engines: expect.arrayContaining([
        { model: 'stories-260k', state: 'stopped', device: '', threads: 0, why: '' },
      ]) as object[],
    });
  });

  test('daemon.status says how much text a model holds, once the app uses it', async () => {
    await call('llm.countTokens', { prompt: 'Once upon a time' });
    const { engines } = await call('daemon.status');
    expect(engines).toContainEqual(
      expect.objectContaining({
        model: 'stories-260k',
        state: 'ready',
        contextTokens: 2048,
        sequences: 8,
      }),
    );
  });

  test('models.list says of a model without a template that it calls no tools', async () => {
    const { models } = await call('models.list');
    expect(models).toContainEqual(
      expect.objectContaining({ id: 'stories-260k', chatTemplate: false, tools: false }),
    );
  });

  test('session.info has every limit of hello, and the quotas', async () => {
    const stranger = await openWire(daemon.appSocket);
    const hello = await stranger.call('session.hello', {
      protocol: { min: 1, max: 9 },
      client: { name: 'stranger', version: '1' },
    });
    stranger.end();
    const { limits, quotas } = await call('session.info');
    expect(limits).toMatchObject(hello.result?.['limits'] as object);
    expect(fieldsOf(quotas)).toEqual([
      'blobBytes',
      'concurrentCalls',
      'storeBytes',
      'tokensPerDay',
      'tokensPerMinute',
    ]);
  });
});

describe('params', () => {
  test('an unknown key is InvalidParams, named by its path', async () => {
    const error = await refusal('llm.complete', { prompt: 'x', surprise: 1 });
    expect(error?.data.details).toEqual({ issues: [{ path: 'surprise', rule: 'unknown key' }] });
  });

  test.each(['daemon.ping', 'session.info', 'grants.list', 'models.list', 'blobs.create'])(
    '%s takes a progressToken',
    async (method) => {
      await call(method, { progressToken: 'p' });
    },
  );

  test.each(['transcribe.open', 'tools.list'])(
    '%s of a later version is MethodNotFound',
    async (method) => {
      expect((await refusal(method, {}))?.data).toEqual({
        reason: 'MethodNotFound',
        retryable: false,
      });
    },
  );
});

describe('answers have exactly the fields of the contract', () => {
  test('llm.complete', async () => {
    const answer = await call('llm.complete', { prompt: 'Once upon a time', maxTokens: 3 });
    expect(fieldsOf(answer)).toEqual(['content', 'finishReason', 'timings', 'usage']);
    expect(fieldsOf(answer['usage'])).toEqual(['cachedTokens', 'completionTokens', 'promptTokens']);
    expect(fieldsOf(answer['timings'])).toEqual(['firstTokenMs', 'loadMs', 'queuedMs', 'totalMs']);
  });

  test('too long a prompt is ContextOverflow with both counts', async () => {
    const error = await refusal('llm.complete', { prompt: 'word '.repeat(5000) });
    expect(error?.data).toMatchObject({
      reason: 'ContextOverflow',
      details: { promptTokens: expect.any(Number) as number, contextTokens: 2048 },
    });
  });

  test('embed.create gives an array of one for one text, as f32 when asked', async () => {
    const { embeddings, dimensions } = await call('embed.create', { input: 'cat' });
    expect(embeddings).toEqual([expect.arrayContaining([expect.any(Number)])]);
    const packed = await call('embed.create', { input: 'cat', encoding: 'f32' });
    const [{ f32 } = { f32: '' }] = packed['embeddings'] as { f32: string }[];
    const bytes = Buffer.from(f32, 'base64');
    expect(bytes.length).toBe(4 * (dimensions as number));
    expect(bytes.readFloatLE(0)).toBe((embeddings as number[][])[0]?.[0]);
  });

  test('transcribe.run with words', async () => {
    const audio = { data: fixture('audio/goforward.wav') };
    const answer = await call('transcribe.run', { audio, words: true });
    expect(fieldsOf(answer)).toEqual(['durationMs', 'language', 'segments', 'text']);
    const [segment] = answer['segments'] as { words: object[] }[];
    expect(fieldsOf(segment)).toEqual(['endMs', 'startMs', 'text', 'words']);
    expect(fieldsOf(segment?.words[0])).toEqual(['confidence', 'endMs', 'startMs', 'text']);
  });

  test('ocr.recognize', async () => {
    const image = { data: fixture('images/p75.png') };
    const answer = await call('ocr.recognize', { image, languages: ['eng'], level: 'word' });
    expect(fieldsOf(answer)).toEqual(['pages', 'text']);
    const [page] = answer['pages'] as { page: number; regions: { box: object }[] }[];
    expect(fieldsOf(page)).toEqual(['page', 'regions', 'text']);
    expect(page?.page).toBe(1);
    expect(fieldsOf(page?.regions[0])).toEqual(['box', 'confidence', 'text']);
    expect(fieldsOf(page?.regions[0]?.box)).toEqual(['height', 'width', 'x', 'y']);
  });

  test('collections.get gives vectors as numbers, or f32 when asked', async () => {
    await call('collections.create', { collection: 'points', dimensions: 2 });
    const records = [{ id: 'a', vector: [0.5, 0.25] }];
    await call('collections.upsert', { collection: 'points', records });
    const wanted = { collection: 'points', ids: ['a'], vectors: true };
    expect(await call('collections.get', wanted)).toEqual({ records });
    const f32 = Buffer.from(Float32Array.of(0.5, 0.25).buffer).toString('base64');
    expect(await call('collections.get', { ...wanted, encoding: 'f32' })).toEqual({
      records: [{ id: 'a', vector: { f32 } }],
    });
  });
});

describe('blobs', () => {
  test('a piece is at most 1 MiB, to the byte', async () => {
    const { blob } = await call('blobs.create');
    const piece = Buffer.alloc(MIB + 1, 7);
    const error = await refusal('blobs.append', {
      blob,
      offset: 0,
      data: piece.toString('base64'),
    });
    expect(error?.data).toMatchObject({
      reason: 'PayloadTooLarge',
      details: { limitBytes: MIB, bytes: MIB + 1 },
    });
    const data = piece.subarray(1).toString('base64');
    expect(await call('blobs.append', { blob, offset: 0, data })).toEqual({ bytes: MIB });
    await call('blobs.delete', { blob });
  });

  test('a read gives what there is, and a long one what fits a message', async () => {
    const { blob } = await call('blobs.create');
    const piece = Buffer.alloc(MIB, 'abc');
    for (let offset = 0; offset < 4 * MIB; offset += MIB) {
      await call('blobs.append', { blob, offset, data: piece.toString('base64') });
    }
    const bytes = Buffer.concat([piece, piece, piece, piece]);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await call('blobs.commit', { blob, sha256 });
    const two = await call('blobs.read', { blob, offset: 0, length: 2 * MIB });
    expect(Buffer.from(two['data'] as string, 'base64').equals(bytes.subarray(0, 2 * MIB))).toBe(
      true,
    );
    const whole = await call('blobs.read', { blob, offset: 0, length: 4 * MIB });
    expect(whole['eof']).toBe(false);
    const got = Buffer.from(whole['data'] as string, 'base64').length;
    const rest = await call('blobs.read', { blob, offset: got, length: 4 * MIB });
    expect(rest['eof']).toBe(true);
    expect(got + Buffer.from(rest['data'] as string, 'base64').length).toBe(4 * MIB);
    const past = { blob, offset: 5 * MIB, length: 1 };
    expect(await call('blobs.read', past)).toEqual({ data: '', eof: true });
    await call('blobs.delete', { blob });
  });
});

describe('optional capabilities', () => {
  const generate = { capability: 'llm:generate' };
  const stateOf = (message: WireMessage): string | undefined => {
    const grants = message.params?.['grants'] as { capability: string; state: string }[];
    return grants.find(({ capability }) => capability === 'llm:generate')?.state;
  };

  test('are pending until the user consents; open sessions hear of every decision', async () => {
    const app = await openWire(daemon.appSocket);
    const { result } = await authenticate(app, cautious);
    expect(result?.['grants']).toEqual([
      { capability: 'llm:generate', state: 'pending' },
      { capability: 'ocr:run', state: 'pending' },
    ]);
    const prompt = { prompt: 'Once', maxTokens: 1 };
    expect((await app.call('llm.complete', prompt)).error?.data.reason).toBe('CapabilityDenied');
    expect((await app.call('grants.request', generate)).result).toEqual({
      grant: { ...generate, state: 'pending' },
      command: 'locara app consent acme/cautious llm:generate',
    });

    await control.call('app.consent', { appId: 'acme/cautious', ...generate });
    await app.next((message) => message.method === 'grants.changed');
    expect((await app.call('llm.complete', prompt)).error).toBeUndefined();

    await control.call('app.revoke', { appId: 'acme/cautious', ...generate });
    expect((await app.call('llm.complete', prompt)).error?.data.reason).toBe('CapabilityDenied');
    const notices = app.received.filter(({ method }) => method === 'grants.changed');
    expect(notices.map(stateOf)).toEqual(['granted', 'revoked']);
    const asked = await app.call('grants.request', generate);
    expect(asked.result?.['grant']).toEqual({ ...generate, state: 'revoked' });
    app.end();
  });

  test('what the manifest does not declare cannot be requested', async () => {
    const error = await refusal('grants.request', { capability: 'tools:anything' });
    expect(error?.data).toMatchObject({
      reason: 'CapabilityDenied',
      details: { capability: 'tools:anything' },
    });
  });
});
