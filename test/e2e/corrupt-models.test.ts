import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

const ROOT = join(import.meta.dirname, '../..');

const jobs: [model: string, method: string, params: object][] = [
  ['stories260K.gguf', 'llm.complete', { prompt: 'Once upon a time', maxTokens: 2 }],
  ['glove-sif-96-30k-q8_0.gguf', 'embed.create', { input: 'cat' }],
  [
    'micro-whisper-en-q8_0.bin',
    'transcribe.run',
    { audio: { data: fixture('audio/goforward.wav') } },
  ],
  ['eng.traineddata', 'ocr.recognize', { image: { data: fixture('images/p75.png') } }],
];

function fixture(name: string): string {
  return readFileSync(join(ROOT, 'test/fixtures', name)).toString('base64');
}

async function openSession(daemon: DaemonProcess, credentials: RawCredentials): Promise<Wire> {
  const wire = await openWire(daemon.appSocket);
  expect((await authenticate(wire, credentials)).error).toBeUndefined();
  return wire;
}

/** The one file of that name below the folder. */
function findFile(folder: string, name: string): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith(`/${name}`),
  );
  return join(folder, found ?? name);
}

/** Changes bytes in the middle; the size stays. */
function corrupt(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0x5a, bytes.length / 2, bytes.length / 2 + 64);
  writeFileSync(path, bytes);
}

describe('a model file in the cache that was changed', () => {
  const home = createHome();
  let credentials: RawCredentials;

  beforeAll(async () => {
    const daemon = await startDaemonProcess({ home });
    credentials = await installSample(daemon.controlSocket);
    const wire = await openSession(daemon, credentials);
    for (const [, method, params] of jobs) {
      expect((await wire.call(method, params)).error).toBeUndefined();
    }
    wire.end();
    await daemon.stop();
  });

  test('is found out before an engine loads it, and made anew', async () => {
    const cache = join(home, 'cache');
    for (const [name] of jobs) corrupt(findFile(cache, name));
    await using daemon = await startDaemonProcess({ home });
    const wire = await openSession(daemon, credentials);
    for (const [, method, params] of jobs) {
      expect((await wire.call(method, params)).error).toBeUndefined();
    }
    const log = readFileSync(daemon.logFile, 'utf8');
    expect(log.match(/"event":"model.corrupt"/g)).toHaveLength(jobs.length);
    wire.end();
  });
});

describe('an installation whose embedded models are damaged', () => {
  let installation: string;
  let daemon: DaemonProcess;
  let wire: Wire;

  beforeAll(async () => {
    installation = mkdtempSync(join(tmpdir(), 'locara-i-'));
    for (const part of ['daemon', 'protocol', 'models', 'package.json']) {
      const filter = (path: string): boolean => !/\/(dist|node_modules)$/.test(path);
      cpSync(join(ROOT, part), join(installation, part), { recursive: true, filter });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(installation, 'node_modules'));
    const embedded = join(installation, 'models/embedded');
    corrupt(join(embedded, 'stories260K.gguf.gz'));
    writeFileSync(join(embedded, 'glove-sif-96-30k-q8_0.gguf.gz'), 'not compressed at all');
    rmSync(join(embedded, 'silero-v6.2.0-ggml.bin.gz'));
    // The daemon's own command line is appended: its runtime, its flag and the entry, replaced here.
    const entry = join(installation, 'daemon/main.ts');
    daemon = await startDaemonProcess({ wrapper: ['sh', '-c', 'exec "$1" "$2" "$0"', entry] });
    wire = await openSession(daemon, await installSample(daemon.controlSocket));
  });
  afterAll(async () => {
    wire.end();
    await daemon[Symbol.asyncDispose]();
    rmSync(installation, { recursive: true, force: true });
  });

  test.each([
    ['llm.complete', 'corrupt'],
    ['embed.create', 'corrupt'],
    ['transcribe.run', 'unusable'],
  ])(
    'answers %s with Unavailable, twice, and leaves no part of the model',
    async (method, state) => {
      const [name = '', , params] = jobs.find((job) => job[1] === method) ?? [];
      for (let round = 0; round < 2; round += 1) {
        const { error } = await wire.call(method, params);
        expect(error?.data).toMatchObject({ reason: 'Unavailable', details: { state } });
        expect(JSON.stringify(error)).not.toContain(installation);
      }
      if (state !== 'corrupt') return;
      const left = readdirSync(join(daemon.home, 'cache'), { recursive: true, encoding: 'utf8' });
      expect(left.filter((path) => path.includes(name))).toEqual([]);
    },
  );

  test('does everything else', async () => {
    expect((await wire.call('ocr.recognize', jobs[3]?.[2])).error).toBeUndefined();
    expect((await wire.call('db.query', { sql: 'SELECT 1 AS one' })).result).toEqual({
      rows: [{ one: 1 }],
    });
    expect((await wire.call('models.list')).error).toBeUndefined();
  });

  test('says in its log which models they are', () => {
    const lines = readFileSync(daemon.logFile, 'utf8').split('\n');
    const failures = lines.filter((line) => line.includes('"event":"model.notReady"'));
    const models = failures.map((line) => (JSON.parse(line) as { model: string }).model);
    expect(new Set(models)).toHaveLength(3);
    expect(failures.join()).not.toContain(installation);
  });
});
