import {
  type Capability,
  CAPABILITIES,
  describeCapability,
  methods,
  type MethodSpec,
  requiredCapabilities,
} from '@locara/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
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

const table = Object.entries(methods) as [string, MethodSpec][];
const guarded = table.flatMap(([method, { requires }]) => {
  const needed = requiredCapabilities(requires);
  return needed.map((capability) => ({ method, needed, capability }));
});
const everything = Object.keys(CAPABILITIES) as Capability[];

let daemon: DaemonProcess;
let control: Wire;
let full: RawCredentials;
let bare: RawCredentials;
let cautious: RawCredentials;
const open: Wire[] = [];

beforeAll(async () => {
  daemon = await startDaemonProcess();
  full = await installSample(daemon.controlSocket);
  bare = await installSample(daemon.controlSocket, {
    name: 'bare',
    modalities: [],
    models: [],
    storage: {},
    capabilities: { fs: { 'app-data': false } },
  });
  cautious = await installSample(daemon.controlSocket, {
    name: 'cautious',
    capabilities: { optional: everything },
  });
  // Opened before this process holds a session: afterwards it is an app and is refused.
  control = await openControlWire(daemon.controlSocket);
});
afterEach(() => {
  for (const wire of open.splice(0)) wire.end();
});
afterAll(async () => {
  control.end();
  await daemon[Symbol.asyncDispose]();
});

async function openSession(credentials: RawCredentials): Promise<Wire> {
  const wire = await openWire(daemon.appSocket);
  open.push(wire);
  expect((await authenticate(wire, credentials)).error).toBeUndefined();
  return wire;
}

/** The whole error that a method without a capability is answered with. */
function denial(method: string, capability: Capability) {
  return {
    code: -32003,
    message: expect.any(String) as string,
    data: {
      reason: 'CapabilityDenied',
      retryable: false,
      details: { method, capability, manifestPath: describeCapability(capability).declaredBy },
    },
  };
}

async function logOf(wire: Wire): Promise<Record<string, unknown>[]> {
  const { result } = await wire.call('audit.capabilityLog', { limit: 1000 });
  return result?.['entries'] as Record<string, unknown>[];
}

async function decide(
  command: 'app.consent' | 'app.revoke',
  capability: Capability,
): Promise<void> {
  const { error } = await control.call(command, { appId: full.appId, capability });
  expect(error).toBeUndefined();
}

describe('attack 31: a method without a capability that it needs', () => {
  test('attack 31: the table asks for every capability somewhere', () => {
    expect(new Set(guarded.map(({ capability }) => capability))).toEqual(new Set(everything));
  });

  test.each([
    ['never declared', () => bare],
    ['declared and not decided yet', () => cautious],
  ])('attack 31: every method is denied when its capabilities are %s', async (_, credentials) => {
    const wire = await openSession(credentials());
    for (const { method, needed } of guarded) {
      const [first] = needed;
      if (first === undefined) continue;
      const { error } = await wire.call(method, { nonsense: true });
      expect(error).toEqual(denial(method, first));
    }
  });

  test.each(everything)(
    'attack 31: with every other capability, no method runs that needs %s, and each runs again with it',
    async (capability) => {
      const wire = await openSession(full);
      const concerned = guarded.filter((row) => row.capability === capability);
      await decide('app.revoke', capability);
      for (const { method } of concerned) {
        expect((await wire.call(method, { nonsense: true })).error).toEqual(
          denial(method, capability),
        );
      }
      const denied = (await logOf(wire)).filter((entry) => entry['outcome'] === 'denied');
      for (const { method } of concerned) {
        expect(denied).toContainEqual(expect.objectContaining({ capability, method }));
      }
      await decide('app.consent', capability);
      for (const { method } of concerned) {
        const { error } = await wire.call(method, { nonsense: true });
        expect(error?.data.reason).toBe('InvalidParams');
      }
    },
  );

  test('attack 31: a right that depends on params is denied with the same error', async () => {
    const wire = await openSession(full);
    await wire.call('collections.create', { collection: 'c' });
    await decide('app.revoke', 'embed:create');
    const byText = await wire.call('collections.search', { collection: 'c', text: 'x' });
    expect(byText.error).toEqual(denial('collections.search', 'embed:create'));
    const records = [{ id: 'a', text: 'x' }];
    const withText = await wire.call('collections.upsert', { collection: 'c', records });
    expect(withText.error).toEqual(denial('collections.upsert', 'embed:create'));
    await decide('app.consent', 'embed:create');
  });

  test('attack 12: a migration that runs SQL ends when store:sql is taken back', async () => {
    const wire = await openSession(full);
    const endless = `CREATE TABLE t AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)
      SELECT count(*) FROM c;`;
    const migrations = [{ version: 1, name: 'endless', sql: endless }];
    const answer = wire.call('db.migrate', { migrations });
    // Answered after the migration was handed on.
    await wire.call('daemon.ping', {});
    await decide('app.revoke', 'store:sql');
    expect((await answer).error).toEqual(denial('db.migrate', 'store:sql'));
    await decide('app.consent', 'store:sql');
  });

  test('attack 31: no method of the table runs before authentication, whatever it needs', async () => {
    const wire = await openWire(daemon.appSocket);
    open.push(wire);
    for (const [method, { requires }] of table) {
      if (requires === 'connection') continue;
      expect((await wire.call(method, {})).error?.data.reason).toBe('Unauthenticated');
    }
  });
});

const INHERITED = [
  'toString',
  'constructor',
  '__proto__',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
];
const UNKNOWN = [
  ...INHERITED,
  'llm.nothing',
  'llm',
  'llm.chat ',
  'LLM.chat',
  'llm.chat\u0000',
  '',
  'app.install',
  'x'.repeat(10_000),
];

describe('attack 32: a name that is no method', () => {
  test.each(UNKNOWN)(
    'attack 32: %j before authentication is Unauthenticated like every other',
    async (method) => {
      const wire = await openWire(daemon.appSocket);
      open.push(wire);
      const known = await wire.call('llm.chat', {});
      expect((await wire.call(method, {})).error).toEqual(known.error);
    },
  );

  test.each(UNKNOWN)(
    'attack 32: %j in a session is MethodNotFound, and says no more',
    async (method) => {
      const wire = await openSession(full);
      const { error } = await wire.call(method, {});
      expect(error).toMatchObject({
        code: -32601,
        data: { reason: 'MethodNotFound', retryable: false },
      });
      expect(error?.data.details).toBeUndefined();
      if (method.length > 3) expect(error?.message).not.toContain(method);
      expect((await wire.call('daemon.ping', {})).result).toEqual({ ok: true });
    },
  );

  test.each(INHERITED)('attack 32: %j on the control socket is MethodNotFound', async (method) => {
    expect((await control.call(method, {})).error?.data.reason).toBe('MethodNotFound');
  });
});

describe('attack 37: a batch of calls', () => {
  const request = (id: number, method: string, params: object = {}) => ({
    jsonrpc: '2.0',
    id,
    method,
    params,
  });
  const batches: [string, unknown[]][] = [
    [
      'an allowed and a denied call',
      [request(901, 'db.exec', { sql: 'CREATE TABLE batch (x)' }), request(902, 'llm.chat')],
    ],
    [
      'a denied call first',
      [request(901, 'llm.chat'), request(902, 'db.exec', { sql: 'CREATE TABLE batch (x)' })],
    ],
    [
      'allowed calls alone',
      [request(901, 'daemon.ping'), request(902, 'db.exec', { sql: 'CREATE TABLE batch (x)' })],
    ],
    ['one call', [request(901, 'db.exec', { sql: 'CREATE TABLE batch (x)' })]],
    ['nothing', []],
  ];

  test.each(batches)(
    'attack 37: with %s is refused whole, and none of it runs',
    async (_, batch) => {
      await decide('app.revoke', 'llm:generate');
      const wire = await openSession(full);
      const before = wire.received.length;
      wire.send(batch);
      await wire.closed();
      const answers: WireMessage[] = wire.received.slice(before);
      expect(answers).toMatchObject([{ id: null, error: { data: { reason: 'InvalidRequest' } } }]);
      const later = await openSession(full);
      const { error } = await later.call('db.query', { sql: 'SELECT * FROM batch' });
      expect(error?.data.details).toMatchObject({ rule: 'sql_syntax' });
      await decide('app.consent', 'llm:generate');
    },
  );

  test('attack 37: before authentication is refused whole too', async () => {
    const wire = await openWire(daemon.appSocket);
    wire.send([request(1, 'daemon.ping'), request(2, 'llm.chat')]);
    await wire.closed();
    expect(wire.received).toMatchObject([
      { id: null, error: { data: { reason: 'InvalidRequest' } } },
    ]);
  });
});
