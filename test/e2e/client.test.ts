import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Client, createClient } from '@locara/client';
import { PROGRESS_STAGES } from '@locara/protocol';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { type RawCredentials, type Wire } from '../support/raw-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const MIB = 1024 * 1024;

let daemon: DaemonProcess;
let control: Wire;
let credentials: RawCredentials;
let client: Client;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  credentials = await installSample(daemon.controlSocket);
  // Opened before this process holds a session: afterwards it is an app and is refused.
  control = await openControlWire(daemon.controlSocket);
  client = createClient({ credentials });
});
afterAll(async () => {
  await client.close();
  control.end();
  await daemon[Symbol.asyncDispose]();
});

const story = { prompt: 'Once upon a time', maxTokens: 40, seed: 7 };
/** Long enough to be interrupted. */
const longStory = { prompt: 'Once', maxTokens: 1000, seed: 7, temperature: 1.5 };

test('connecting tells who the app is and what it may do', async () => {
  const session = await client.connect();
  expect(session.app).toEqual({ id: 'acme/notes', version: '1.0.0', displayName: 'Notes' });
  expect(session.daemon.pid).toBe(daemon.pid);
  expect(session.grants).toContainEqual({ capability: 'llm:generate', state: 'granted' });
});

describe('streams', () => {
  test('are an async iterable, a callback and a promise of the same text', async () => {
    const heard: [string, number][] = [];
    const call = client.llm.complete(story, {
      onChunk: ({ delta }, sequence) => heard.push([delta, sequence]),
    });
    let text = '';
    for await (const { delta } of call) text += delta;
    const { content, finishReason } = await call;
    expect(text).toBe(content);
    expect(heard.map(([delta]) => delta).join('')).toBe(content);
    expect(heard.map(([, sequence]) => sequence)).toEqual(heard.map((_, index) => index));
    expect(finishReason).toBe('length');
  });

  test('carry segments and pages as well', async () => {
    const audio = readFileSync(join(ROOT, 'test/fixtures/audio/multi.wav')).toString('base64');
    const segments: string[] = [];
    const spoken = client.transcribe.run({ audio: { data: audio } });
    for await (const { text } of spoken) segments.push(text);
    expect(segments).toEqual((await spoken).segments.map(({ text }) => text));
    const image = readFileSync(join(ROOT, 'test/fixtures/images/p75.png')).toString('base64');
    const onChunk = vi.fn();
    const { pages } = await client.ocr.recognize({ image: { data: image } }, { onChunk });
    expect(onChunk.mock.calls).toEqual([[pages[0], 0]]);
  });

  test('report progress in order', async () => {
    const stages: string[] = [];
    await client.llm.complete(story, { onProgress: ({ stage }) => stages.push(stage) });
    expect(stages).toContain('running');
    const order = stages.map((stage) => PROGRESS_STAGES.indexOf(stage as 'running'));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  test('lose nothing when the consumer is slow, and other calls go on', async () => {
    const call = client.llm.complete(longStory);
    let text = '';
    let chunks = 0;
    for await (const { delta } of call) {
      text += delta;
      chunks += 1;
      if (chunks === 1) await sleep(1500);
      if (chunks === 2) expect(await client.daemon.ping()).toEqual({ ok: true });
      await setImmediate();
    }
    expect(text).toBe((await call).content);
    expect(chunks).toBeGreaterThan(10);
  });
});

describe('giving up', () => {
  test('by an AbortSignal in the middle ends with Cancelled', async () => {
    const stop = new AbortController();
    const call = client.llm.complete(longStory, {
      signal: stop.signal,
      onChunk: () => {
        stop.abort();
      },
    });
    await expect(call).rejects.toMatchObject({ name: 'RpcError', reason: 'Cancelled' });
  });

  test('by a signal that is aborted already sends nothing', async () => {
    const signal = AbortSignal.abort();
    await expect(client.llm.complete(story, { signal })).rejects.toMatchObject({
      reason: 'Cancelled',
    });
  });

  test('by leaving the loop or by a deadline frees the engine for the next call', async () => {
    for await (const { delta } of client.llm.complete(longStory)) {
      expect(delta).toBeTypeOf('string');
      break;
    }
    const late = client.llm.complete(longStory, { timeoutMs: 50 });
    await expect(late).rejects.toMatchObject({ name: 'ClientError', code: 'RequestTimeout' });
    await vi.waitFor(async () => {
      expect((await client.daemon.status()).calls).toMatchObject({ running: 1, queued: 0 });
    }, 30_000);
  });
});

test("the daemon's refusals are RpcErrors with their details", async () => {
  const call = client.llm.complete({ prompt: 'word '.repeat(4000) });
  await expect(call).rejects.toMatchObject({
    name: 'RpcError',
    reason: 'ContextOverflow',
    retryable: false,
    details: { contextTokens: 2048 },
  });
});

test('a blob of 20 MB goes up in pieces and comes back the same', async () => {
  const bytes = Buffer.alloc(20 * MIB, 'locara ');
  const blob = await client.uploadBlob(bytes);
  const parts: Buffer[] = [];
  for (let offset = 0, isEnd = false; !isEnd;) {
    const { data, eof } = await client.blobs.read({ blob, offset, length: 4 * MIB });
    const part = Buffer.from(data, 'base64');
    parts.push(part);
    offset += part.length;
    isEnd = eof;
  }
  expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  await client.blobs.delete({ blob });
});

test('an upload that is aborted leaves no blob behind', async () => {
  const before = (await client.session.info()).quotas['blobBytes'];
  const stop = new AbortController();
  async function* bytes() {
    yield Buffer.alloc(MIB);
    stop.abort();
    await sleep(0);
    yield Buffer.alloc(MIB);
  }
  await expect(client.uploadBlob(bytes(), { signal: stop.signal })).rejects.toMatchObject({
    reason: 'Cancelled',
  });
  expect((await client.session.info()).quotas['blobBytes']).toEqual(before);
});

test('a decision of the user is heard as grants.changed', async () => {
  const heard = vi.fn();
  const stop = client.on('grants.changed', heard);
  const grant = { appId: 'acme/notes', capability: 'ocr:run' };
  await control.call('app.revoke', grant);
  await vi.waitFor(() => {
    expect(heard).toHaveBeenCalledTimes(1);
  }, 30_000);
  expect(heard.mock.lastCall?.[0]).toMatchObject({
    grants: expect.arrayContaining([{ capability: 'ocr:run', state: 'revoked' }]) as unknown,
  });
  await control.call('app.consent', grant);
  await vi.waitFor(() => {
    expect(heard).toHaveBeenCalledTimes(2);
  }, 30_000);
  stop();
});

test('a daemon with another key gets no signature and no call', async () => {
  await using other = await startDaemonProcess();
  await using stranger = createClient({ credentials, socket: other.appSocket });
  await expect(stranger.daemon.status()).rejects.toMatchObject({ code: 'DaemonNotTrusted' });
  expect(readFileSync(other.logFile, 'utf8')).not.toContain('session.refused');
});

test('the example of each README runs as printed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'locara-readme-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    copyFileSync(join(ROOT, 'test/fixtures/audio/goforward.wav'), join(folder, 'recording.wav'));
    const environment = {
      ...process.env,
      LOCARA_CREDENTIALS: join(daemon.home, 'data/apps/acme/notes/credentials.json'),
    };
    for (const path of ['README.md', 'clients/typescript/README.md']) {
      const stdout = await runExample(join(ROOT, path), folder, environment);
      expect(stdout.length).toBeGreaterThan(50);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}, 180_000);

async function runExample(readme: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const code = /```ts\n(.*?)```/s.exec(readFileSync(readme, 'utf8'))?.[1] ?? '';
  const options = ['--conditions=locara-source', '--input-type=module-typescript', '--eval', code];
  return (await promisify(execFile)(process.execPath, options, { cwd, env })).stdout;
}

describe('a daemon that goes away', () => {
  test('says so, ends what it cannot finish, and is found again after its restart', async () => {
    const home = createHome();
    const first = await startDaemonProcess({ home });
    const app = await installSample(first.controlSocket);
    await using survivor = createClient({ credentials: app, connectTimeoutMs: 30_000 });
    const draining = vi.fn();
    survivor.on('daemon.draining', draining);
    await survivor.connect();

    await first.stop();
    await vi.waitFor(() => {
      expect(draining).toHaveBeenCalledTimes(1);
    }, 30_000);
    // While nothing listens the call waits; the daemon that then starts answers it.
    const waiting = survivor.daemon.status();
    const second = await startDaemonProcess({ home });
    expect((await waiting).calls.running).toBe(1);

    const lost = expect(survivor.llm.complete(longStory)).rejects.toMatchObject({
      code: 'ConnectionClosed',
    });
    await vi.waitFor(async () => {
      expect((await survivor.daemon.status()).calls.running).toBe(2);
    }, 30_000);
    second.child.kill('SIGKILL');
    await lost;
    const third = await startDaemonProcess({ home });
    expect((await survivor.connect()).daemon.pid).toBe(third.pid);
    await third.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
});
