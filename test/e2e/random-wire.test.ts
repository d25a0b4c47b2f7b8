import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { createRandom } from '../support/random.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

/** The same inputs every time; another seed for another hunt. */
const SEED = Number(process.env['LOCARA_TEST_SEED'] ?? 20_261_121);

let daemon: DaemonProcess;
let credentials: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  credentials = await installSample(daemon.controlSocket);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

/** A whole number below `limit`. */
function createDraw(seed: number): (limit: number) => number {
  const random = createRandom(seed);
  return (limit) => (random() * 2 ** 32) % limit;
}

const ODD = [
  'null',
  'true',
  '-0',
  '1e400',
  '-1e400',
  '9007199254740993',
  '1.5',
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '{}',
  '[]',
  '[[[[]]]]',
  '{"__proto__":{}}',
  '{"constructor":1}',
  '"__proto__"',
  '"daemon.ping"',
  '"llm.chat"',
  '"session.hello"',
  '"$/cancel"',
  '"2.0"',
  '2.0',
  '{"id":1}',
  '"../../etc"',
  `"${'x'.repeat(5000)}"`,
  '{"then":1}',
  '{"toJSON":1}',
  '{"length":-1}',
];

const CALLS = [
  { jsonrpc: '2.0', id: 1, method: 'daemon.ping', params: {} },
  {
    jsonrpc: '2.0',
    id: 'a',
    method: 'session.hello',
    params: { protocol: { min: 1, max: 1 }, client: { name: 'x', version: '1' } },
  },
  {
    jsonrpc: '2.0',
    id: 2,
    method: 'session.authenticate',
    params: {
      appId: 'a/b',
      manifestDigest: `sha256:${'0'.repeat(64)}`,
      nonce: 'AA==',
      pid: 1,
      signature: 'AA==',
    },
  },
  { jsonrpc: '2.0', method: '$/cancel', params: { id: 1 } },
  { jsonrpc: '2.0', id: 3, method: 'blobs.read', params: { blob: 'b', offset: 0, length: 1 } },
  { jsonrpc: '2.0', id: 4, method: 'blobs.append', params: { blob: 'b', offset: 0, data: 'AAAA' } },
  { jsonrpc: '2.0', id: 5, method: 'grants.request', params: { capability: 'llm:generate' } },
  { jsonrpc: '2.0', id: 6, method: 'models.ensure', params: { model: 'm', progressToken: 't' } },
  {
    jsonrpc: '2.0',
    id: 7,
    method: 'db.query',
    params: { sql: 'SELECT :a', params: { a: { int64: '1' } } },
  },
  {
    jsonrpc: '2.0',
    id: 8,
    method: 'collections.search',
    params: { collection: 'c', query: 'q', filter: { and: [{ a: { eq: 1 } }] } },
  },
  {
    jsonrpc: '2.0',
    id: 9,
    method: 'llm.chat',
    params: { messages: [{ role: 'user', content: 'x' }], maxTokens: 1 },
  },
];

type Random = (limit: number) => number;

/** A call with one to three of its values replaced, written out with an odd text in their place. */
function mutateCall(random: Random): string {
  const call = structuredClone(CALLS[random(CALLS.length)]) as Record<string, unknown>;
  const odd: string[] = [];
  for (let count = random(3); count >= 0; count -= 1) {
    let holder = call;
    let key = pick(random, Object.keys(call));
    for (;;) {
      const inner = holder[key];
      if (!isRecord(inner) || Object.keys(inner).length === 0 || random(3) === 0) break;
      holder = inner;
      key = pick(random, Object.keys(inner));
    }
    odd.push(pick(random, ODD));
    holder[key] = `@odd${odd.length - 1}@`;
  }
  return JSON.stringify(call).replaceAll(
    /"@odd(\d)@"/g,
    (_whole, index) => odd[Number(index)] ?? '',
  );
}

/** Bytes of a call with some of them changed, doubled or lost. */
function damageBytes(random: Random): Buffer {
  const bytes = [...Buffer.from(mutateCall(random))];
  for (let count = random(6); count >= 0; count -= 1) {
    bytes.splice(
      random(bytes.length + 1),
      random(3),
      ...Array.from({ length: random(4) }, () => random(256)),
    );
  }
  return Buffer.from(bytes);
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The peer's last word is a ping: it is answered, or the connection is closed. Nothing else may happen. */
async function expectAnswerOrEnd(wire: Wire): Promise<void> {
  wire.sendRaw('\n{"jsonrpc":"2.0","id":"the-end","method":"daemon.ping"}\n');
  await wire.next(({ id }) => id === 'the-end');
}

const ROUNDS = 400;

test.each([
  ['mutated calls before authentication', mutateCall, false],
  ['damaged bytes before authentication', damageBytes, false],
  ['mutated calls in a session', mutateCall, true],
  ['damaged bytes in a session', damageBytes, true],
])('%s end in an answer or a close', async (_name, create, isInSession) => {
  const random = createDraw(SEED);
  let wire: Wire | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (wire === undefined || wire.isClosed) {
      wire = await openWire(daemon.appSocket);
      if (isInSession) expect((await authenticate(wire, credentials)).error).toBeUndefined();
    }
    for (let lines = random(4); lines >= 0; lines -= 1) {
      wire.sendRaw(create(random));
      if (random(10) > 0) wire.sendRaw('\n');
    }
    await expectAnswerOrEnd(wire);
    // The next round asks again under the same id.
    wire.received.length = 0;
    if (random(20) === 0) {
      wire.end();
      wire = undefined;
    }
  }
  wire?.end();
  expect(daemon.child.exitCode).toBeNull();
  expect(readFileSync(daemon.logFile, 'utf8')).not.toMatch(/\.bug"/);
});
