import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
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

const MIB = 1024 * 1024;

let daemon: DaemonProcess;
let notes: RawCredentials;
let other: RawCredentials;
/** This process plays an app, which may not reach the control socket itself. */
let control: Wire;

beforeAll(async () => {
  daemon = await startDaemonProcess({ environment: { LOCARA_STALLED_WRITE_MS: '4000' } });
  notes = await installSample(daemon.controlSocket);
  other = await installSample(daemon.controlSocket, {
    name: 'other',
    capabilities: { optional: ['llm:generate'] },
  });
  control = await openControlWire(daemon.controlSocket);
  await control.call('status.get');
});
afterAll(async () => {
  control.end();
  await daemon[Symbol.asyncDispose]();
});

const open = (): Promise<Wire> => openWire(daemon.appSocket);
async function openSession(credentials = notes): Promise<Wire> {
  const wire = await open();
  expect((await authenticate(wire, credentials)).error).toBeUndefined();
  return wire;
}
const reasonOf = (message: WireMessage): string | undefined => message.error?.data.reason;
const endOf = (wire: Wire): Promise<WireMessage> => wire.next(({ id }) => id === null);
const answerTo = (wire: Wire, wanted: string | number): Promise<WireMessage> =>
  wire.next(({ id, method }) => id === wanted && method === undefined);
const longChat = { messages: [{ role: 'user', content: 'Once' }], maxTokens: 2000, temperature: 1 };
const hello = { protocol: { min: 1, max: 1 }, client: { name: 'x', version: '1' } };

function residentBytes(): number {
  const [, pages] = readFileSync(`/proc/${daemon.pid}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}

describe('the end of a connection', () => {
  test('a pipelined second hello is Conflict, the first is answered', async () => {
    const wire = await open();
    wire.sendRaw(
      ['a', 'b', 'c']
        .map(
          (id) =>
            `${JSON.stringify({ jsonrpc: '2.0', id, method: 'session.hello', params: hello })}\n`,
        )
        .join(''),
    );
    await wire.closed();
    expect((await answerTo(wire, 'a')).result).toMatchObject({ protocol: 1 });
    expect(reasonOf(await answerTo(wire, 'b'))).toBe('Conflict');
    expect(wire.received).toHaveLength(2);
  });

  test('a peer that ends its side gets the answers of what it asked', async () => {
    const socket = connect({ path: daemon.appSocket, allowHalfOpen: true });
    socket.end(
      '{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}\n{"jsonrpc":"2.0","id":2,"method":"rpc.discover"}\n',
    );
    const lines = (await text(socket)).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as WireMessage).id)).toEqual([1, 2]);
  });

  test('half-closing a session cancels its calls and says so', async () => {
    const wire = await openSession();
    wire.socket.allowHalfOpen = true;
    wire.send({ jsonrpc: '2.0', id: 'c', method: 'llm.chat', params: longChat });
    await wire.next(({ method }) => method === '$/chunk');
    wire.socket.end();
    expect(reasonOf(await answerTo(wire, 'c'))).toBe('Cancelled');
    await wire.closed();
  });

  test('a violation cancels what runs and answers it before the end', async () => {
    const wire = await openSession();
    wire.send({ jsonrpc: '2.0', id: 'c', method: 'llm.chat', params: longChat });
    await wire.next(({ method }) => method === '$/chunk');
    wire.sendRaw('[]\n');
    await wire.closed();
    expect(reasonOf(await endOf(wire))).toBe('InvalidRequest');
    expect(reasonOf(await answerTo(wire, 'c'))).toBe('Cancelled');
  });
});

describe('cancel', () => {
  test.each([
    undefined,
    null,
    1,
    'x',
    [],
    ['c'],
    {},
    { id: null },
    { id: {} },
    { id: ['c'] },
    { id: 'C' },
  ])('params %j cancel nothing and harm nothing', async (params) => {
    const wire = await open();
    wire.sendRaw(`${JSON.stringify({ jsonrpc: '2.0', method: '$/cancel', params })}\n`);
    expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
    wire.end();
  });

  test('before its call, after its end and from another connection it does nothing', async () => {
    const [wire, stranger] = await Promise.all([openSession(), openSession()]);
    wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'c' } });
    stranger.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'c' } });
    wire.send({
      jsonrpc: '2.0',
      id: 'c',
      method: 'llm.chat',
      params: { ...longChat, maxTokens: 5 },
    });
    stranger.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'c' } });
    expect((await answerTo(wire, 'c')).result).toBeDefined();
    wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'c' } });
    expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
    expect(
      wire.received.filter(({ id, method }) => id === 'c' && method === undefined),
    ).toHaveLength(1);
    wire.end();
    stranger.end();
  });

  test('calls that wait in the queue are cancelled there, each answered once', async () => {
    const wire = await openSession();
    const ids = Array.from({ length: 20 }, (_, index) => `q${index}`);
    for (const id of ids) wire.send({ jsonrpc: '2.0', id, method: 'llm.chat', params: longChat });
    for (const id of ids.toReversed())
      wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id } });
    for (const id of ids) expect(reasonOf(await answerTo(wire, id))).toBe('Cancelled');
    expect(wire.received.filter(({ method, error }) => method === undefined && error)).toHaveLength(
      20,
    );
    wire.end();
  });
});

describe('load', () => {
  test('32 large answers at once all arrive', async () => {
    const wire = await openSession();
    const bytes = randomBytes(MIB);
    const { result } = await wire.call('blobs.create', {});
    const blob = result?.['blob'];
    await wire.call('blobs.append', { blob, offset: 0, data: bytes.toString('base64') });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await wire.call('blobs.commit', { blob, sha256 });
    const reads = Array.from({ length: 32 }, (_, index) =>
      wire.call('blobs.read', { blob, offset: 0, length: MIB }, `r${index}`),
    );
    for (const read of await Promise.all(reads)) expect(read.result?.['eof']).toBe(true);
    wire.end();
  });

  test('the calls of one app over several connections have a limit too', async () => {
    const wires = await Promise.all(Array.from({ length: 4 }, () => openSession()));
    const last = await openSession();
    for (const wire of [...wires, last]) {
      for (let id = 0; id < 32; id += 1) {
        wire.send({ jsonrpc: '2.0', id: `c${id}`, method: 'llm.chat', params: longChat });
      }
      // In order: its calls are counted before the next connection's.
      await wire.call('session.hello-not', {}, 'last');
    }
    const refusals = await Promise.all(
      Array.from({ length: 32 }, (_, id) => answerTo(last, `c${id}`)),
    );
    for (const refusal of refusals) {
      expect(reasonOf(refusal)).toBe('Busy');
      expect(refusal.error?.data.details?.['retryAfterMs']).toBeGreaterThan(0);
    }
    for (const wire of [...wires, last]) wire.end();
  });

  test('a client that streams, asks and never reads costs little memory, and is dropped', async () => {
    const wire = await openSession();
    const before = residentBytes();
    wire.socket.pause();
    for (let id = 0; id < 8; id += 1) {
      wire.send({ jsonrpc: '2.0', id, method: 'llm.chat', params: longChat });
    }
    const flood = setInterval(() => {
      for (let count = 0; count < 200 && wire.socket.writableLength < MIB; count += 1) {
        wire.send({ jsonrpc: '2.0', id: `d${count}`, method: 'rpc.discover' });
      }
    }, 20);
    let peak = 0;
    while (!wire.isClosed && !wire.socket.destroyed) {
      peak = Math.max(peak, residentBytes());
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (peak > before + 500 * MIB) break;
      if (wire.socket.errored !== null) break;
    }
    clearInterval(flood);
    expect(peak - before).toBeLessThan(150 * MIB);
    const ping = await open();
    expect((await ping.call('daemon.ping')).result).toEqual({ ok: true });
    ping.end();
    wire.end();
  });

  test('connections that come and go by the thousand leave nothing behind', async () => {
    const bytes = residentBytes();
    for (let round = 0; round < 20; round += 1) {
      const wires = await Promise.all(Array.from({ length: 100 }, () => open()));
      for (const [index, wire] of wires.entries()) {
        if (index % 2 === 0) wire.sendRaw('{"jsonrpc":"2.0","id":1,');
        wire.end();
      }
    }
    const { result } = await control.call('status.get');
    expect(result?.['sessions']).toBeDefined();
    expect(residentBytes() - bytes).toBeLessThan(100 * MIB);
  });
});

describe('rights that change under a call', () => {
  test('consent and revocation are announced; a call that loses its right ends with the denial', async () => {
    const wire = await openSession(other);
    const changed = (state: string) =>
      wire.next(
        ({ method, params }) =>
          method === 'grants.changed' &&
          (params?.['grants'] as { capability: string; state: string }[]).some(
            (grant) => grant.capability === 'llm:generate' && grant.state === state,
          ),
      );
    const appId = other.appId;
    expect(reasonOf(await wire.call('llm.chat', longChat))).toBe('CapabilityDenied');
    await control.call('app.consent', { appId, capability: 'llm:generate' });
    await changed('granted');
    wire.send({ jsonrpc: '2.0', id: 'c', method: 'llm.chat', params: longChat });
    await wire.next(({ method }) => method === '$/chunk');
    await control.call('app.revoke', { appId, capability: 'llm:generate' });
    await changed('revoked');
    expect(reasonOf(await answerTo(wire, 'c'))).toBe('CapabilityDenied');
    expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
    wire.end();
  });

  test('uninstalling cancels the calls of the app, answers them and closes its connections', async () => {
    const passing = await openSession();
    const wire = await openSession(other);
    wire.send({ jsonrpc: '2.0', id: 'e', method: 'db.exec', params: { sql: 'CREATE TABLE t(x)' } });
    await answerTo(wire, 'e');
    const uninstalled = await control.call('app.uninstall', { appId: other.appId, wipe: true });
    expect(uninstalled.error).toBeUndefined();
    await wire.closed();
    const late = await open();
    expect(reasonOf(await authenticate(late, other))).toBe('Unauthenticated');
    expect((await passing.call('daemon.ping')).result).toEqual({ ok: true });
    passing.end();
  });
});
