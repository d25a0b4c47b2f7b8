import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample, PINS } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

const KIB = 1024;
const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../fixtures', name)).toString('base64');
/** Room for every key, record and log of a small home; for no model, and for no large value. */
const LARGEST_FILE_BYTES = 300 * KIB;

let home: string;
let credentials: RawCredentials;
let daemon: DaemonProcess;
let wire: Wire;

/** Starts a daemon on the home; the app is there from its first start on. */
async function start(largestFileBytes?: number): Promise<void> {
  const isFresh = readdirSync(home).length === 0;
  const wrapper = largestFileBytes === undefined ? [] : ['prlimit', `--fsize=${largestFileBytes}`];
  daemon = await startDaemonProcess({ home, wrapper });
  if (isFresh)
    credentials = await installSample(daemon.controlSocket, {
      storage: { sql: true, quota_mb: 1 },
    });
  wire = await openSession();
}
async function openSession(): Promise<Wire> {
  const opened = await openWire(daemon.appSocket);
  expect((await authenticate(opened, credentials)).error).toBeUndefined();
  return opened;
}
async function stop(): Promise<void> {
  wire.end();
  expect(await daemon.stop()).toBe(0);
}
async function refusal(method: string, params: object) {
  const { error } = await wire.call(method, params);
  return { reason: error?.data.reason, details: error?.data.details };
}
const call = async (method: string, params: object): Promise<Record<string, unknown>> => {
  const { result, error } = await wire.call(method, params);
  expect(error).toBeUndefined();
  return result ?? {};
};
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

beforeAll(() => {
  home = createHome();
});

describe('a disk that is full', () => {
  beforeAll(async () => {
    await start();
    await stop();
    await start(LARGEST_FILE_BYTES);
  });
  afterAll(() => stop());

  test.each([
    ['llm.complete', { prompt: 'Once' }],
    ['embed.create', { input: 'cat' }],
    ['transcribe.run', { audio: { data: fixture('audio/goforward.wav') } }],
    ['ocr.recognize', { image: { data: fixture('images/p75.png') } }],
    ['models.ensure', { model: PINS[0] }],
  ])(
    'for the model of %s is InsufficientResources and leaves no part of it',
    async (method, params) => {
      expect(await refusal(method, params)).toMatchObject({
        reason: 'InsufficientResources',
        details: { resource: 'disk' },
      });
      const left = readdirSync(join(home, 'cache'), { recursive: true, withFileTypes: true });
      expect(left.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual([]);
    },
  );

  test('for a blob refuses the piece, keeps the earlier ones, and takes one that fits', async () => {
    const { blob } = await call('blobs.create', {});
    const [first, second] = [randomBytes(100 * KIB), randomBytes(50 * KIB)];
    const append = (offset: number, bytes: Buffer) =>
      wire.call('blobs.append', { blob, offset, data: bytes.toString('base64') });
    expect((await append(0, first)).result).toEqual({ bytes: first.length });
    const { error } = await append(first.length, randomBytes(900 * KIB));
    expect(error?.data).toMatchObject({
      reason: 'InsufficientResources',
      details: { resource: 'disk' },
    });
    const whole = Buffer.concat([first, second]);
    expect((await append(first.length, second)).result).toEqual({ bytes: whole.length });
    await call('blobs.commit', { blob, sha256: sha256(whole) });
    const { data } = await call('blobs.read', { blob, offset: 0, length: whole.length });
    expect(sha256(Buffer.from(data as string, 'base64'))).toBe(sha256(whole));
  });

  test('for a store refuses the change whole, and the store is read and written on', async () => {
    await call('db.exec', { sql: 'CREATE TABLE notes (body)' });
    await call('db.exec', { sql: 'INSERT INTO notes VALUES (1)' });
    const statements = [
      { sql: 'INSERT INTO notes VALUES (2)' },
      { sql: 'INSERT INTO notes VALUES (randomblob(400000))' },
    ];
    expect((await refusal('db.batch', { statements })).reason).toBe('InsufficientResources');
    expect(await call('db.query', { sql: 'SELECT body FROM notes' })).toEqual({
      rows: [{ body: 1 }],
    });
    await call('db.exec', { sql: 'INSERT INTO notes VALUES (3)' });
  });

  test('is no more than that: what needs no disk goes on', async () => {
    const other = await openSession();
    expect((await other.call('daemon.ping')).result).toEqual({ ok: true });
    expect((await other.call('session.info')).error).toBeUndefined();
    other.end();
  });
});

describe('with room again', () => {
  beforeAll(() => start());
  afterAll(() => stop());

  test('the same home serves, with all that was acknowledged', async () => {
    const { rows } = await call('db.query', { sql: 'SELECT body FROM notes' });
    expect(rows).toEqual([{ body: 1 }, { body: 3 }]);
    await call('llm.complete', { prompt: 'Once', maxTokens: 2 });
  });

  test("the app's quota is QuotaExceeded with limit and use; after a delete there is room", async () => {
    const insert = { sql: 'INSERT INTO notes VALUES (randomblob(300000))' };
    const answers = [];
    for (let row = 0; row < 5; row += 1) answers.push(await wire.call('db.exec', insert));
    const refused = answers.find(({ error }) => error !== undefined);
    expect(refused?.error?.data).toMatchObject({
      reason: 'QuotaExceeded',
      details: { limitBytes: 1024 * KIB },
    });
    await call('db.exec', { sql: 'DELETE FROM notes' });
    await call('db.exec', insert);
  });
});

describe('a disk without room for one key', () => {
  beforeAll(async () => {
    home = createHome();
    await start();
    await stop();
    await start(60);
  });
  afterAll(() => stop());

  test('makes no store, says why, and makes it once there is room', async () => {
    expect((await refusal('db.exec', { sql: 'CREATE TABLE t (x)' })).reason).toBe(
      'InsufficientResources',
    );
    await stop();
    await start();
    await call('db.exec', { sql: 'CREATE TABLE t (x)' });
  });
});
