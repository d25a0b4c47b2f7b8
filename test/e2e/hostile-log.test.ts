import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { createHome, spawnDaemon } from '../support/daemon-process.ts';
import {
  createSigningKey,
  installSample,
  manifest,
  writePackage,
} from '../support/install-sample.ts';
import { descendantsOf } from '../support/process-tree.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

/** In everything that is sent: wherever it turns up again, content has leaked. */
const CANARY = 'Zanzibar';
const CANARY_BASE64 = Buffer.from(`${CANARY} `.repeat(30)).toString('base64');
const FIXTURES = join(import.meta.dirname, '../fixtures');

const home = createHome();
const daemon = spawnDaemon(home, { environment: { LOCARA_LOG_LEVEL: 'debug' } });
const said = { stdout: '', stderr: '' };
const appSocket = join(home, 'run/app.sock');
let credentials: RawCredentials;
let control: Wire;

beforeAll(async () => {
  for (const name of ['stdout', 'stderr'] as const) {
    daemon[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  if (daemon.stdout !== null) await once(createInterface({ input: daemon.stdout }), 'line');
  credentials = await installSample(join(home, 'run/control.sock'), {
    displayName: `${CANARY} notes`,
    description: `All about ${CANARY}.`,
    author: { name: CANARY, email: `${CANARY}@acme.example` },
    tags: [CANARY.toLowerCase()],
  });
  control = await openControlWire(join(home, 'run/control.sock'));
  await control.call('status.get');
});
afterAll(() => {
  daemon.kill('SIGKILL');
});

async function openSession(): Promise<Wire> {
  const wire = await openWire(appSocket);
  expect((await authenticate(wire, credentials)).error).toBeUndefined();
  return wire;
}

const deep = 100_000;
const request = (method: string, params: object): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id: CANARY, method, params })}\n`;

const broken: [name: string, bytes: string | Buffer][] = [
  ['words', `${CANARY}\n`],
  ['half a line', `{"jsonrpc":"2.0","method":"${CANARY}`],
  ['HTTP', `GET /${CANARY} HTTP/1.1\r\nHost: ${CANARY}\r\n\r\n`],
  ['a batch', `[${request('daemon.ping', { [CANARY]: 1 }).trim()}]\n`],
  ['a depth of 100,000', `${`{"${CANARY}":`.repeat(deep)}1${'}'.repeat(deep)}\n`],
  ['6 MiB', Buffer.alloc(6 * 1024 * 1024, CANARY)],
  ['a repeated id', request('llm.chat', chat('Tell me')) + request('daemon.ping', {})],
  ['an object as id', `{"jsonrpc":"2.0","id":{"${CANARY}":1},"method":"daemon.ping"}\n`],
];

function chat(text: string): object {
  return { messages: [{ role: 'user', content: `${text} of ${CANARY}` }], maxTokens: 300 };
}

const media = (file: string): string => {
  const bytes = readFileSync(join(FIXTURES, file));
  bytes.write(CANARY.repeat(20), 60);
  return bytes.toString('base64');
};

const calls: [method: string, params: object][] = [
  [CANARY, { [CANARY]: CANARY }],
  ['llm.chat', { ...chat('A story'), maxTokens: 3 }],
  ['llm.chat', { messages: [{ role: CANARY, content: CANARY }] }],
  ['llm.chat', { ...chat('x'), responseFormat: { type: 'json_schema', schema: { $ref: CANARY } } }],
  ['llm.chat', { ...chat('x'), tools: [{ name: CANARY }] }],
  ['llm.complete', { prompt: `${CANARY} `.repeat(5000) }],
  ['llm.complete', { prompt: CANARY, model: CANARY, progressToken: CANARY }],
  ['embed.create', { input: [CANARY, ''], pipeline: CANARY }],
  ['embed.create', { input: CANARY }],
  ['transcribe.run', { audio: { data: CANARY_BASE64 } }],
  ['transcribe.run', { audio: { data: media('audio/goforward.wav') } }],
  ['transcribe.run', { audio: { data: media('audio/goforward.mp3') }, language: CANARY }],
  ['transcribe.run', { audio: { blob: CANARY } }],
  ['ocr.recognize', { image: { data: CANARY_BASE64 } }],
  ['ocr.recognize', { image: { data: media('images/p75.png') } }],
  ['ocr.recognize', { image: { data: media('images/excerpt.jpg') }, languages: [CANARY] }],
  ['models.ensure', { model: CANARY }],
  ['grants.request', { capability: CANARY }],
  ['blobs.append', { blob: CANARY, offset: 0, data: CANARY_BASE64 }],
  ['db.exec', { sql: `CREATE TABLE ${CANARY} (x TEXT UNIQUE, CHECK (x <> '${CANARY}'))` }],
  ['db.exec', { sql: `INSERT INTO ${CANARY} VALUES (?)`, params: [CANARY] }],
  ['db.exec', { sql: `SELEC ${CANARY}` }],
  ['db.query', { sql: `SELECT ${CANARY}(x) FROM ${CANARY}` }],
  ['db.query', { sql: `SELECT json('${CANARY}')` }],
  ['db.query', { sql: `ATTACH '/tmp/${CANARY}' AS ${CANARY}` }],
  ['db.batch', { statements: [{ sql: CANARY }] }],
  ['db.migrate', { migrations: [{ version: 1, name: CANARY, sql: `DROP TABLE no${CANARY}` }] }],
  ['collections.create', { collection: CANARY.toLowerCase() }],
  [
    'collections.upsert',
    {
      collection: CANARY.toLowerCase(),
      records: [{ id: CANARY, text: `About ${CANARY}`, metadata: { [CANARY]: CANARY } }],
    },
  ],
  ['collections.search', { collection: CANARY.toLowerCase(), query: `"${CANARY}` }],
  [
    'collections.search',
    { collection: CANARY.toLowerCase(), text: CANARY, filter: { [CANARY]: { [CANARY]: 1 } } },
  ],
  ['collections.drop', { collection: `no-${CANARY}` }],
];

const controlCalls: [method: string, params: object][] = [
  [CANARY, {}],
  ['app.inspect', { path: `/tmp/${CANARY}` }],
  ['app.inspect', { path: writePackage(`{"${CANARY}":`, createSigningKey()) }],
  ['app.inspect', { path: writePackage(manifest({ [CANARY]: CANARY }), createSigningKey()) }],
  ['app.inspect', { path: folderNamed(CANARY) }],
  ['app.show', { appId: `${CANARY}/${CANARY}` }],
  ['app.consent', { appId: 'acme/notes', capability: CANARY }],
  ['app.uninstall', { appId: `../${CANARY}`, wipe: true }],
  ['trust.add', { name: CANARY, publicKeyPem: CANARY }],
  ['trust.remove', { id: CANARY }],
];

/** A package that is no package, in a folder of that name. */
function folderNamed(name: string): string {
  const folder = join(home, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'locara.json'), name);
  writeFileSync(join(folder, 'locara.json.sigstore.json'), name);
  return folder;
}

describe('content in every kind of input', () => {
  test.each(broken)('%s before authentication and in a session', async (_name, bytes) => {
    for (const open of [() => openWire(appSocket), openSession]) {
      const wire = await open();
      wire.sendRaw(bytes);
      wire.socket.end();
      await wire.closed();
      const told = wire.received.filter(({ result }) => result === undefined);
      for (const { error } of told) expect(JSON.stringify(error ?? '')).not.toContain(CANARY);
    }
  });

  test('a proof of identity', async () => {
    for (const changes of [{ appId: CANARY }, { manifestDigest: CANARY }, { signature: CANARY }]) {
      const wire = await openWire(appSocket);
      expect((await authenticate(wire, credentials, changes)).error).toBeDefined();
      wire.end();
    }
  });

  test('every kind of call', async () => {
    const wire = await openSession();
    for (const [method, params] of calls) {
      const { error } = await wire.call(method, params);
      expect(error?.data.reason).not.toBe('InternalError');
      // Keys are the caller's own words, told back as paths; messages are ours.
      expect(error?.message ?? '').not.toContain(CANARY.repeat(2));
    }
    wire.end();
  });

  test('what runs when a worker is killed, and when the client leaves', async () => {
    const wire = await openSession();
    wire.send({ jsonrpc: '2.0', id: CANARY, method: 'llm.chat', params: chat('A long story') });
    await wire.next(({ method }) => method === '$/chunk');
    for (const { pid, command } of descendantsOf(daemon.pid ?? 0)) {
      if (command.includes('workers/llm')) process.kill(pid, 'SIGKILL');
    }
    expect((await wire.next(({ id }) => id === CANARY)).error?.data.reason).toBe('WorkerCrashed');
    wire.send({ jsonrpc: '2.0', id: 'again', method: 'llm.chat', params: chat('Another') });
    await wire.next(({ method, params }) => method === '$/chunk' && params?.['id'] === 'again');
    wire.end();
  });

  test('the control socket', async () => {
    for (const [method, params] of controlCalls) {
      const { error } = await control.call(method, params);
      expect(error?.data.reason).toBeDefined();
      expect(error?.data.reason).not.toBe('InternalError');
    }
    control.sendRaw(`${CANARY}\n`);
    await control.closed();
  });
});

describe('afterwards', () => {
  beforeAll(async () => {
    const exited = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  test('the log has lines about it, and none has content, a path or a bug', () => {
    const folder = join(home, 'logs');
    const log = readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
    for (const event of ['connection.dropped', 'session.refused', 'worker.died']) {
      expect(log).toContain(`"event":"${event}"`);
    }
    expect(log.toLowerCase()).not.toContain(CANARY.toLowerCase());
    expect(log).not.toContain(CANARY_BASE64.slice(0, 16));
    expect(log).not.toContain(home);
    expect(log).not.toMatch(/\.bug"|"stack"/);
  });

  test('stdout has the one line that says ready, stderr has nothing', () => {
    expect(said).toEqual({ stdout: `ready ${appSocket}\n`, stderr: '' });
  });
});
